/** Own images in the browser's storage. They never leave the device. */
import { LabError } from "../worker/problem.ts";

/** An image as it is kept. */
export interface KeptImage {
  readonly id?: number;
  readonly className: string;
  /** Of the file it came from. */
  readonly name: string;
  /** See decode_square.ts. */
  readonly rgb: Uint8Array<ArrayBuffer>;
}

const DATABASE = "convoyant-lab";
const STORE = "images";
const BY_CLASS = "className";

/** The database, open. */
export class ImageDatabase {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** @throws LabError "failed" if the browser keeps nothing for this page (a private window, a file from the disk). */
  static async open(): Promise<ImageDatabase> {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        const store = request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
        store.createIndex(BY_CLASS, "className");
      };
      return new ImageDatabase(await resultOf(request));
    } catch (error) {
      throw new LabError(
        "failed",
        `this browser keeps no images for the page (${(error as Error).message}): leave the private window, or serve the page over http`,
        {},
        { cause: error },
      );
    }
  }

  close(): void {
    this.#database.close();
  }

  /** Keeps images, all or none. @throws LabError "storage full". */
  async add(images: readonly KeptImage[]): Promise<number[]> {
    const transaction = this.#database.transaction(STORE, "readwrite");
    const store = transaction.objectStore(STORE);
    try {
      const ids = images.map((image) => resultOf(store.add(image)));
      const [keys] = await Promise.all([Promise.all(ids), endOf(transaction)]);
      return keys.map(Number);
    } catch (error) {
      if ((error as Error).name !== "QuotaExceededError" && transaction.error?.name !== "QuotaExceededError")
        throw error;
      throw await storageFull();
    }
  }

  /** How many images each class has, in the order of the classes' first images. */
  async counts(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const index = this.#store("readonly").index(BY_CLASS);
    const request = index.openKeyCursor();
    for await (const cursor of walked(request)) {
      const name = String(cursor.key);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  /** Images of a class, oldest first. */
  async list(className: string, from = 0, count = Number.POSITIVE_INFINITY): Promise<KeptImage[]> {
    const index = this.#store("readonly").index(BY_CLASS);
    if (from === 0 && count === Number.POSITIVE_INFINITY)
      return resultOf(index.getAll(IDBKeyRange.only(className)));
    const keys = await resultOf(index.getAllKeys(IDBKeyRange.only(className)));
    const store = this.#store("readonly");
    return Promise.all(keys.slice(from, from + count).map((key) => resultOf(store.get(key))));
  }

  async remove(ids: readonly number[]): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite");
    for (const id of ids) transaction.objectStore(STORE).delete(id);
    await endOf(transaction);
  }

  /** Gives the images of a class another name; null removes them. */
  async rename(className: string, to: string | null): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite");
    const ended = endOf(transaction);
    const index = transaction.objectStore(STORE).index(BY_CLASS);
    for await (const cursor of walked(index.openCursor(IDBKeyRange.only(className)))) {
      if (to === null) cursor.delete();
      else cursor.update({ ...cursor.value, className: to });
    }
    await ended;
  }

  async clear(): Promise<void> {
    await resultOf(this.#store("readwrite").clear());
  }

  #store(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }
}

/** What is stored of what there is room for. */
export async function storageFull(): Promise<LabError> {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  return new LabError(
    "storage full",
    `the browser's storage for this page is full (${mebibytes(usage)} of ${mebibytes(quota)} MiB): remove images, or free space on the disk`,
    { stored: usage, of: quota },
  );
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the storage does not answer"));
  });
}

function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the storage gave up"));
  });
}

/** The places of a cursor. What is done at one must be asked for before the next is awaited. */
async function* walked<C extends IDBCursor>(request: IDBRequest<C | null>): AsyncGenerator<C> {
  for (;;) {
    const cursor = await resultOf(request);
    if (cursor === null) return;
    yield cursor;
    cursor.continue();
  }
}
