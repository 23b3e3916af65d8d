/** The worker that decodes and keeps own images. */
import { addImages } from "../data/add_images.ts";
import { decodeSquare, KEPT_SIDE } from "../data/decode_square.ts";
import { ImageDatabase } from "../data/image_database.ts";
import type { FromImageWorker, ImageCalls, ToImageWorker } from "../data/image_store.ts";
import { problemOf } from "../worker/problem.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToImageWorker>) => void) | null;
  postMessage(message: FromImageWorker): void;
};

let database: Promise<ImageDatabase> | null = null;
const opened = (): Promise<ImageDatabase> => {
  database ??= ImageDatabase.open().catch((error) => {
    database = null;
    throw error;
  });
  return database;
};

const cancelled = new Set<number>();

type Handlers = {
  readonly [K in keyof ImageCalls]: (
    input: ImageCalls[K]["input"],
    id: number,
  ) => Promise<ImageCalls[K]["output"]>;
};

const handlers: Handlers = {
  add: async ({ className, files }, id) => {
    const store = await opened();
    const keeper = {
      decode: decodeSquare,
      keep: (images: Parameters<ImageDatabase["add"]>[0]) => store.add(images),
    };
    return addImages(className, files, keeper, {
      isCancelled: () => cancelled.delete(id),
      onProgress: (done, of) => scope.postMessage({ type: "progress", id, done, of }),
    });
  },
  counts: async () =>
    [...(await (await opened()).counts())].map(([className, count]) => ({ className, count })),
  list: async ({ className, from, count }) =>
    (await (await opened()).list(className, from, count)).map(({ id = 0, name, rgb }) => ({
      id,
      name,
      image: { width: KEPT_SIDE, height: KEPT_SIDE, channels: 3, data: rgb },
    })),
  remove: async ({ ids }) => {
    await (await opened()).remove(ids);
    return null;
  },
  rename: async ({ className, to }) => {
    await (await opened()).rename(className, to);
    return null;
  },
  clear: async () => {
    await (await opened()).clear();
    return null;
  },
};

scope.onmessage = async ({ data: message }) => {
  const { id } = message;
  if (message.type === "cancel") {
    cancelled.add(id);
    return;
  }
  try {
    const handle = handlers[message.name] as (input: unknown, id: number) => Promise<unknown>;
    scope.postMessage({ type: "result", id, output: await handle(message.input, id) });
  } catch (error) {
    scope.postMessage({ type: "failed", id, problem: problemOf(error) });
  }
};
