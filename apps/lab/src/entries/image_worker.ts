/** The worker that decodes and keeps own images. */
import { addImages } from "../data/add_images.ts";
import { decodeSquare, KEPT_SIDE } from "../data/decode_square.ts";
import { ImageDatabase } from "../data/image_database.ts";
import type { Calls, FromWorker, ImageCallName, OwnClass, ToWorker } from "../worker/protocol.ts";
import { answerCall } from "../worker/serve_calls.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};
const post = (message: FromWorker): void => scope.postMessage(message);

/** Of a class this many of its images are shown. */
const THUMBNAILS = 12;

let database: Promise<ImageDatabase> | null = null;
const opened = (): Promise<ImageDatabase> => {
  database ??= ImageDatabase.open().catch((error) => {
    database = null;
    throw error;
  });
  return database;
};

/** Counts cancellations: those of before an addition began do not end it. */
let cancellations = 0;

const handlers: {
  readonly [K in ImageCallName]: (input: Calls[K]["input"]) => Promise<Calls[K]["output"]>;
} = {
  ownClasses: async () => {
    const store = await opened();
    const shown = async ({ name, count }: { name: string; count: number }): Promise<OwnClass> => ({
      name,
      count,
      thumbnails: (await store.newest(name, THUMBNAILS)).map(({ rgb }) => ({
        width: KEPT_SIDE,
        height: KEPT_SIDE,
        channels: 3,
        data: rgb,
      })),
    });
    return Promise.all((await store.classes()).map(shown));
  },
  addClass: async ({ name }) => {
    await (await opened()).addClass(name);
    return null;
  },
  renameClass: async ({ from, to }) => {
    if (from !== to) await (await opened()).rename(from, to);
    return null;
  },
  removeClass: async ({ name }) => {
    await (await opened()).removeClass(name);
    return null;
  },
  removeImage: async ({ name, index }) => {
    const store = await opened();
    const image = (await store.newest(name, THUMBNAILS))[index];
    if (image?.id !== undefined) await store.remove(image.id);
    return null;
  },
  addImages: async ({ name, files }) => {
    const store = await opened();
    const begun = cancellations;
    return addImages(
      name,
      files,
      { decode: decodeSquare, keep: (images) => store.add(images) },
      {
        isCancelled: () => cancellations > begun,
        onProgress: (done, of) =>
          post({ type: "event", name: "progress", event: { what: "images", done, of } }),
      },
    );
  },
  cancelImages: async () => {
    cancellations++;
    return null;
  },
  addPixels: async ({ name, width, height, data }) => {
    const store = await opened();
    const rgb = await decodeSquare(new ImageData(new Uint8ClampedArray(data), width, height), "the drawing");
    await store.add([{ className: name, name: "drawing", rgb }]);
    return null;
  },
};

scope.onmessage = ({ data: message }) => void answerCall(message, handlers, post);
