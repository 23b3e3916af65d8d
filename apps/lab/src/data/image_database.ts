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

/** A class that a person has named, in the order of their naming. */
interface KeptClass {
  readonly id?: number;
  readonly name: string;
}

const DATABASE = "convoyant-lab";
const IMAGES = "images";
const CLASSES = "classes";
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
        const options = { keyPath: "id", autoIncrement: true };
        request.result.createObjectStore(CLASSES, options);
        request.result.createObjectStore(IMAGES, options).createIndex(BY_CLASS, "className");
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

  /** Keeps images, all or none; a class begins with its first. @throws LabError "storage full". */
  async add(images: readonly KeptImage[]): Promise<void> {
    const names = new Set(images.map(({ className }) => className));
    await this.#write([CLASSES, IMAGES], async (transaction) => {
      const store = transaction.objectStore(IMAGES);
      const added = images.map((image) => resultOf(store.add(image)));
      await Promise.all([...added, ...[...names].map((name) => addName(transaction, name))]);
    });
  }

  /** The classes in their order, also those without images. */
  async classes(): Promise<{ readonly name: string; readonly count: number }[]> {
    const transaction = this.#database.transaction([CLASSES, IMAGES]);
    const classes: KeptClass[] = await resultOf(transaction.objectStore(CLASSES).getAll());
    const index = transaction.objectStore(IMAGES).index(BY_CLASS);
    return Promise.all(
      classes.map(async ({ name }) => ({ name, count: await resultOf(index.count(IDBKeyRange.only(name))) })),
    );
  }

  /** Does nothing for a class that is there. */
  async addClass(name: string): Promise<void> {
    await this.#write([CLASSES], (transaction) => addName(transaction, name));
  }

  /** Images of a class, oldest first. */
  async list(className: string, from = 0, count = Number.POSITIVE_INFINITY): Promise<KeptImage[]> {
    const store = this.#database.transaction(IMAGES).objectStore(IMAGES);
    const keys = await resultOf(store.index(BY_CLASS).getAllKeys(IDBKeyRange.only(className)));
    return Promise.all(keys.slice(from, from + count).map((key) => resultOf(store.get(key))));
  }

  /** The newest images of a class, the newest first. */
  async newest(className: string, count: number): Promise<KeptImage[]> {
    const index = this.#database.transaction(IMAGES).objectStore(IMAGES).index(BY_CLASS);
    const images: KeptImage[] = [];
    for await (const cursor of walked(index.openCursor(IDBKeyRange.only(className), "prev"))) {
      images.push(cursor.value);
      if (images.length === count) break;
    }
    return images;
  }

  async remove(id: number): Promise<void> {
    await this.#write([IMAGES], (transaction) => resultOf(transaction.objectStore(IMAGES).delete(id)));
  }

  /** Gives a class another name; if that is a class already, its images join it. */
  async rename(from: string, to: string): Promise<void> {
    await this.#change(from, {
      name: to,
      images: (cursor) => cursor.update({ ...cursor.value, className: to }),
    });
  }

  /** Removes a class and its images. */
  async removeClass(name: string): Promise<void> {
    await this.#change(name, { name: null, images: (cursor) => cursor.delete() });
  }

  async #change(
    className: string,
    change: { readonly name: string | null; readonly images: (cursor: IDBCursorWithValue) => unknown },
  ): Promise<void> {
    await this.#write([CLASSES, IMAGES], async (transaction) => {
      const classes = transaction.objectStore(CLASSES);
      const all: KeptClass[] = await resultOf(classes.getAll());
      const own = all.find(({ name }) => name === className);
      const isTaken = all.some(({ name }) => name === change.name);
      if (own?.id !== undefined && (change.name === null || isTaken)) classes.delete(own.id);
      else if (own !== undefined) classes.put({ ...own, name: change.name });
      const index = transaction.objectStore(IMAGES).index(BY_CLASS);
      for await (const cursor of walked(index.openCursor(IDBKeyRange.only(className)))) change.images(cursor);
    });
  }

  /** Changes all of it or nothing. @throws LabError "storage full". */
  async #write<T>(stores: readonly string[], work: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
    const transaction = this.#database.transaction(stores, "readwrite");
    try {
      const [result] = await Promise.all([work(transaction), endOf(transaction)]);
      return result;
    } catch (error) {
      const names = [(error as Error).name, transaction.error?.name];
      if (!names.includes("QuotaExceededError")) throw error;
      throw await storageFull();
    }
  }
}

/** Does nothing for a class that is there. */
async function addName(transaction: IDBTransaction, name: string): Promise<void> {
  const store = transaction.objectStore(CLASSES);
  const classes: KeptClass[] = await resultOf(store.getAll());
  if (!classes.some((one) => one.name === name)) await resultOf(store.add({ name } satisfies KeptClass));
}

/** What there is room for browsers do not tell a page truly. */
export async function storageFull(): Promise<LabError> {
  const { usage = 0 } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  return new LabError(
    "storage full",
    `the browser's storage for this page is full (it holds ${Math.round(usage / 2 ** 20)} MiB): remove images, or free space on the disk`,
    { stored: usage },
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
