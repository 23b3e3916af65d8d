/** Fashion-MNIST beside the page: the subset that comes with the Lab, or all of it if it lies there. */
import { data } from "convoyant";
import type { ClassName } from "../experiment/class_name.ts";
import { LabError } from "../worker/problem.ts";
import type { DataProgress, ImageSet, LabData } from "./lab_data.ts";
import { partsOfSubset, SUBSET, SUBSET_BYTES } from "./subset.ts";

/** As the library's data set names them. */
export const FASHION_CLASSES: readonly ClassName[] = data
  .datasetEntry("fashion-mnist")
  .classes.map((name) => (typeof name === "string" ? { en: name, zh: name } : { zh: name.en, ...name }));

/** Of the page's folder. */
export const DATA_FOLDER = "data/";

/**
 * Fetches and checks the images.
 *
 * @param base - address of the page's folder.
 * @throws LabError "data missing" if a file is not there, or is another one than it should be.
 */
export async function loadFashionMnist(
  base: string,
  subset: boolean,
  progress: DataProgress,
): Promise<LabData> {
  const folder = new URL(DATA_FOLDER, base);
  const sets = subset
    ? await loadSubset(new URL(SUBSET.file, folder), progress)
    : await loadAll(folder, progress);
  return { ...sets, channels: 1, side: SUBSET.side, classes: FASHION_CLASSES };
}

type Sets = Pick<LabData, "train" | "test">;

async function loadSubset(url: URL, progress: DataProgress): Promise<Sets> {
  const bytes = await unpacked(await fetched(url, progress), url);
  const hash = await sha256Of(bytes);
  if (bytes.length !== SUBSET_BYTES || hash !== SUBSET.sha256)
    throw new LabError("data missing", `${url.href} is damaged: it is not the file that comes with the Lab`, {
      file: SUBSET.file,
    });
  return partsOfSubset(bytes);
}

async function loadAll(folder: URL, progress: DataProgress): Promise<Sets> {
  try {
    progress(0, 2);
    const train = await data.FashionMNIST({ train: true, transform: null, url: folder.href });
    progress(1, 2);
    const test = await data.FashionMNIST({ train: false, transform: null, url: folder.href });
    progress(2, 2);
    return { train: imageSetOf(train), test: imageSetOf(test) };
  } catch (error) {
    throw new LabError(
      "data missing",
      `Fashion-MNIST is not beside the page: ${(error as Error).message}`,
      { file: "train-images-idx3-ubyte" },
      { cause: error },
    );
  }
}

const imageSetOf = ({ images, labels, length }: data.LabelledImages): ImageSet => ({
  pixels: images.data as Uint8Array,
  labels: Uint8Array.from(labels.data as ArrayLike<number>),
  count: length,
});

async function fetched(url: URL, progress: DataProgress): Promise<Uint8Array<ArrayBuffer>> {
  const missing = (why: string, cause?: unknown) =>
    new LabError("data missing", `${url.href} cannot be loaded: ${why}`, { file: SUBSET.file }, { cause });
  const response = await fetch(url).catch((error: Error) => {
    throw missing(error.message, error);
  });
  if (!response.ok || response.body === null) throw missing(`the server answers ${response.status}`);
  const length = Number(response.headers.get("content-length")) || null;
  const reader = response.body.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  for (;;) {
    const piece = await reader.read();
    if (piece.done) break;
    pieces.push(piece.value as Uint8Array<ArrayBuffer>);
    done += piece.value.length;
    if (done > SUBSET_BYTES * 2) throw missing("it is too long");
    progress(done, length);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** A server may send a packed file as one that the browser unpacks on the way. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new LabError(
      "data missing",
      `${url.href} is damaged: it cannot be unpacked`,
      { file: SUBSET.file },
      { cause },
    );
  }
}

/** In hexadecimal. crypto.subtle is there in secure contexts alone; a school's plain http server has none. */
async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) return SUBSET.sha256;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
