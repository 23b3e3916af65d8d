/** The photographs as data sets: decoded once, plain and augmented. */
import { totalmem } from "node:os";
import { FileError } from "../../base/errors.ts";
import type { ListenedSignal } from "../../base/web_types.ts";
import { checkedCacheOptions } from "../../data/cache/image_cache.ts";
import { DataLoader } from "../../data/data_loader.ts";
import { type Dataset, Subset } from "../../data/dataset.ts";
import { ImageFiles } from "../../data/folders/image_files.ts";
import { labelsOf } from "../../data/folders/image_folder.ts";
import { LabelledImages } from "../../data/labelled_images.ts";
import {
  CenterCrop,
  Compose,
  Normalize,
  RandAugment,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  ToTensor,
  type Transform,
} from "../../data/transforms/index.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { trainingRanks } from "../../train/loop/ranks.ts";
import type { PhotosConfig } from "./photo_config.ts";
import type { Photo } from "./photo_source.ts";
import { counted } from "./photo_words.ts";

/** The photographs as a network sees them. */
export interface PhotoPixels {
  /** In the order of the photographs, without augmentation. */
  readonly plain: Dataset;
  readonly augmented: Dataset;
  /** Levels 0 to 255, [N, C, H, W], a little larger than the network takes them; null if they are too many to keep. */
  readonly levels: { readonly data: Uint8Array; readonly shape: readonly number[] } | null;
}

export interface PixelOptions {
  readonly augment: PhotosConfig["augment"];
  readonly signal?: ListenedSignal | null | undefined;
  /** Called with how many images are decoded. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  readonly onNote?: ((text: string) => void) | undefined;
}

/** Beyond a quarter of the memory, which ranks of a machine share, or what one array holds, decoded images are kept on disk. */
const mostBytes = () => Math.min(totalmem() / 4 / (trainingRanks()?.localSize ?? 1), 2 ** 31 - 1);

/** Images of a batch in which they are decoded, and as many as are decoded sooner than a worker has started. */
const AT_ONCE = 16;
const WITHOUT_WORKERS = 64;

/**
 * Decodes photographs; null if it was interrupted.
 *
 * @throws FileError if an image cannot be decoded, or if all are the same.
 */
export async function decodePhotos(
  photos: readonly Photo[],
  classes: readonly string[],
  preprocessing: Preprocessing,
  options: PixelOptions,
): Promise<PhotoPixels | null> {
  const cut = cutsOf(preprocessing);
  const [height, width] = cut.size;
  const channels = preprocessing.mean.length === 1 ? 1 : 3;
  const bytes = photos.length * channels * height * width;
  const labels = labelsOf(
    photos.map(({ label }) => label),
    null,
  );
  const { normalized, augmented } = transformsOf(preprocessing, options.augment);
  const files = (transform: Transform, cache: "disk" | null) =>
    new ImageFiles({
      name: "photographs",
      sources: photos.map(({ path }) => path),
      labels,
      classes,
      transform,
      decode: { channels, background: preprocessing.background },
      cache: checkedCacheOptions("train", cache),
      unreadable: [],
      skipped: [],
    });
  if (bytes > mostBytes()) {
    return {
      plain: files(Compose([cut.transform, normalized]), "disk"),
      augmented: files(Compose([cut.transform, augmented]), "disk"),
      levels: null,
    };
  }
  const shape = [photos.length, channels, height, width];
  const plain = files(cut.transform, null);
  const data = await decodedBy(photos.length, bytes / photos.length, (from, to, into) =>
    decodeInto(into, Subset(plain, range(from, to)), options),
  );
  if (data === null) return null;
  lookForVariation(data, photos, options.onNote);
  const images = (transform: Transform) =>
    new LabelledImages({ data, shape, dtype: "uint8" }, labels, { transform, classes });
  return { plain: images(normalized), augmented: images(augmented), levels: { data, shape } };
}

/** Every rank decodes its part. */
async function decodedBy(
  count: number,
  bytes: number,
  decode: (from: number, to: number, into: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array | null> {
  const ranks = trainingRanks();
  if (ranks !== null) return ranks.divide(count, bytes, decode);
  // Shared: workers that build batches read the same memory.
  const data = new Uint8Array(new SharedArrayBuffer(count * bytes));
  return (await decode(0, count, data)) ? data : null;
}

async function decodeInto(
  data: Uint8Array,
  files: Dataset,
  { signal, onProgress }: PixelOptions,
): Promise<boolean> {
  const count = files.length;
  if (count === 0) return true;
  const workers = count <= WITHOUT_WORKERS ? { numWorkers: 0 } : {};
  let at = 0;
  let done = 0;
  onProgress?.(0, count);
  for await (const [x] of DataLoader(files, { batchSize: AT_ONCE, ...workers })) {
    if (signal?.aborted) return false;
    const levels = (await x.data()) as Uint8Array;
    data.set(levels, at);
    at += levels.length;
    done += x.size(0);
    onProgress?.(done, count);
  }
  return true;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** @throws FileError if all images are the same, pixel for pixel. */
function lookForVariation(data: Uint8Array, photos: readonly Photo[], onNote?: (text: string) => void): void {
  const size = data.length / photos.length;
  const first = Buffer.from(data.buffer, data.byteOffset, size);
  const flat: Photo[] = [];
  let same = 0;
  photos.forEach((photo, i) => {
    const image = Buffer.from(data.buffer, data.byteOffset + i * size, size);
    if (image.equals(first)) same++;
    if (isFlat(image)) flat.push(photo);
  });
  if (same === photos.length)
    throw new FileError(
      `all ${photos.length} images are the same, pixel for pixel (as ${photos[0].name}): there is nothing to tell classes apart ` +
        "by; look at how the files were made",
    );
  if (flat.length > 0)
    onNote?.(
      `${counted(flat.length, "image")} of one level without any variation, such as ${flat[0].name}: look at ` +
        `${flat.length === 1 ? "it" : "them"}, or check the folder with: npx convoyant data check`,
    );
}

function isFlat(image: Uint8Array): boolean {
  for (let i = 1; i < image.length; i++) if (image[i] !== image[0]) return false;
  return true;
}

/** What is cut out of an image before it is kept: the middle that the network sees, with a margin for random crops. */
function cutsOf({ resize, crop }: Preprocessing): {
  readonly transform: Transform;
  readonly size: readonly [height: number, width: number];
} {
  if (resize === null) {
    if (crop === null) throw new FileError("the network's preprocessing leaves images of all sizes");
    return { transform: CenterCrop(crop), size: crop };
  }
  const steps = [Resize(resize.size, { interpolation: resize.interpolation })];
  if (typeof resize.size !== "number")
    return { transform: Compose([...steps, ...(crop ? [CenterCrop(crop)] : [])]), size: crop ?? resize.size };
  const side = resize.size;
  const [height, width] = crop ?? [side, side];
  // The middle of an even margin is the middle of the image, to the pixel.
  const fits = side >= height && side >= width && (side - height) % 4 === 0 && (side - width) % 4 === 0;
  const size: [number, number] = fits ? [side, side] : [height, width];
  return { transform: Compose([...steps, CenterCrop(size)]), size };
}

function transformsOf(
  { resize, crop, mean, std }: Preprocessing,
  augment: PhotosConfig["augment"],
): { readonly normalized: Transform; readonly augmented: Transform } {
  const size = (crop ?? (typeof resize?.size === "number" ? [resize.size, resize.size] : resize?.size)) as [
    number,
    number,
  ];
  const numbers = [ToTensor(), Normalize(mean, std)];
  const normalized = Compose([CenterCrop(size), ...numbers]);
  if (augment === "none") return { normalized, augmented: normalized };
  const strong = augment === "strong";
  const random = [
    RandomResizedCrop(size, { scale: strong ? [0.35, 1] : [0.7, 1] }),
    RandomHorizontalFlip(),
    ...(strong ? [RandAugment()] : []),
  ];
  return { normalized, augmented: Compose([...random, ...numbers]) };
}
