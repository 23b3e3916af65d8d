/** Own images, and those of a folder that `convoyant lab` serves, as training and test images. */
import { data, fromTypedArray, type Tensor } from "convoyant";
import type { DataSource } from "../experiment/experiment.ts";
import { LabError } from "../worker/problem.ts";
import { decodeSquare, KEPT_SIDE, keptPlanes } from "./decode_square.ts";
import { ImageDatabase } from "./image_database.ts";
import type { DataProgress, ImageSet, LabData } from "./lab_data.ts";

/** Of each class every fifth image is kept back for the test; of few the last. */
const TEST_EVERY = 5;

/** Images of one class, resized already. */
interface ClassImages {
  readonly label: number;
  readonly images: readonly Uint8Array[];
}

type Own = Extract<DataSource, { kind: "images" }>;
type Served = Extract<DataSource, { kind: "folder" }>;

/** @param size - edge of the images. */
export async function loadOwnImages(source: Own, size: number, progress: DataProgress): Promise<LabData> {
  const database = await ImageDatabase.open();
  try {
    const counts = new Map((await database.classes()).map(({ name, count }) => [name, count]));
    const total = source.classes.reduce((all, name) => all + (counts.get(name) ?? 0), 0);
    let done = 0;
    const loaded: ClassImages[] = [];
    for (const [label, name] of source.classes.entries()) {
      const images: Uint8Array[] = [];
      for (let from = 0; from < (counts.get(name) ?? 0); from += CHUNK) {
        const kept = await database.list(name, from, CHUNK);
        images.push(
          ...(await resized(
            kept.map(({ rgb }) => rgb),
            source.channels,
            size,
          )),
        );
        done += kept.length;
        progress(done, total);
      }
      loaded.push({ label, images });
    }
    return labData(loaded, source, size);
  } finally {
    database.close();
  }
}

const CHUNK = 128;

/** What the server says of a folder. */
interface FolderListing {
  readonly classes: readonly { readonly name: string; readonly files: readonly string[] }[];
}

/** @throws LabError "data missing" if the folder is no longer served. */
export async function loadServedFolder(
  source: Served,
  base: string,
  size: number,
  progress: DataProgress,
): Promise<LabData> {
  const folder = new URL(`lab/folders/${encodeURIComponent(source.name)}/`, base);
  const response = await fetch(new URL("index.json", folder)).catch(() => null);
  if (!response?.ok)
    throw new LabError(
      "data missing",
      `the folder ${source.name} is not served here: convoyant lab <folder> serves it`,
      {
        file: source.name,
      },
    );
  const { classes } = (await response.json()) as FolderListing;
  const total = classes.reduce((all, { files }) => all + files.length, 0);
  let done = 0;
  const loaded: ClassImages[] = [];
  for (const [label, name] of source.classes.entries()) {
    const files = classes.find((one) => one.name === name)?.files ?? [];
    const images: Uint8Array[] = [];
    for (let from = 0; from < files.length; from += CHUNK) {
      const chunk = files.slice(from, from + CHUNK);
      const squares = await Promise.all(
        chunk.map((file) => squareAt(new URL(encodedPath(file), folder), file)),
      );
      images.push(
        ...(await resized(
          squares.filter((one) => one !== null),
          source.channels,
          size,
        )),
      );
      done += chunk.length;
      progress(done, total);
    }
    loaded.push({ label, images });
  }
  return labData(loaded, source, size);
}

/** Names of files may hold what means something in an address. */
const encodedPath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** Null for a file that is not an image: the rest is trained on all the same. */
async function squareAt(url: URL, name: string): Promise<Uint8Array | null> {
  const response = await fetch(url);
  if (!response.ok) return null;
  return decodeSquare(await response.blob(), name).catch(() => null);
}

/** Levels channel by channel, as large as a network takes them. */
async function resized(kept: readonly Uint8Array[], channels: 1 | 3, size: number): Promise<Uint8Array[]> {
  if (kept.length === 0) return [];
  const planes = kept.map((rgb) => keptPlanes(rgb, channels));
  if (size === KEPT_SIDE) return planes;
  const one = channels * KEPT_SIDE ** 2;
  const all = new Uint8Array(planes.length * one);
  planes.forEach((image, i) => all.set(image, i * one));
  const x = fromTypedArray(all, [planes.length, channels, KEPT_SIDE, KEPT_SIDE], "uint8");
  const small = (await data.transforms.Resize([size, size])(x)) as Tensor;
  const levels = (await small.data()) as unknown as Uint8Array;
  const each = channels * size * size;
  return planes.map((_, i) => levels.slice(i * each, (i + 1) * each));
}

function labData(all: readonly ClassImages[], source: Own | Served, size: number): LabData {
  const train: [Uint8Array, number][] = [];
  const test: [Uint8Array, number][] = [];
  for (const { label, images } of all)
    images.forEach((image, i) => {
      const isTest =
        images.length < TEST_EVERY ? i > 0 && i === images.length - 1 : i % TEST_EVERY === TEST_EVERY - 1;
      (isTest ? test : train).push([image, label]);
    });
  return {
    train: imageSet(train),
    // Without any that are kept back there is no other measure than the training images.
    test: imageSet(test.length === 0 ? train : test),
    channels: source.channels,
    side: size,
    classes: source.classes.map((name) => ({ en: name, zh: name })),
  };
}

function imageSet(images: readonly (readonly [Uint8Array, number])[]): ImageSet {
  const one = images[0]?.[0].length ?? 0;
  const pixels = new Uint8Array(images.length * one);
  images.forEach(([image], i) => pixels.set(image, i * one));
  return { pixels, labels: Uint16Array.from(images, ([, label]) => label), count: images.length };
}
