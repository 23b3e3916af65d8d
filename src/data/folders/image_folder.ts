import { openFolder } from "#image_folders";
import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { shownValue } from "../../base/shown_value.ts";
import { warnOnce } from "../../base/warnings.ts";
import { type DecodeOptions, decoderVersion, requireDecodeOptions } from "../../io/images/decode_image.ts";
import { type CacheOptions, checkedCacheOptions } from "../cache/image_cache.ts";
import type { BatchFunction } from "../labelled_images.ts";
import { ToTensor, type Transform } from "../transforms/index.ts";
import type { LeftOut } from "./folder_scan.ts";
import { ImageFiles } from "./image_files.ts";

/** How images in files are decoded and transformed. */
export interface ImageFilesOptions {
  /**
   * What is done to each image before images are stacked; a function of your own gets them one by one, [1, C, H, W].
   * null: bytes from 0 to 255. @default ToTensor()
   */
  transform?: Transform | BatchFunction | null;
  /** Turns every label into another, once, when the data set is opened; null for none. @default null */
  targetTransform?: ((label: number) => number) | null;
  /** Channels of the images: 3, or 1 for grey. @default 3 */
  channels?: 1 | 3;
  /** What lies behind pixels that are not opaque, 0 to 255 each. @default [255, 255, 255] */
  background?: readonly [red: number, green: number, blue: number];
  /** The most pixels of an image. @default 64000000 */
  limit?: number;
  /** `"exact"`: the same pixels everywhere; `"sharp"`: the package sharp, faster. @default "exact" */
  decoder?: "exact" | "sharp";
  /**
   * Keeps decoded images, as the transform's first steps make them (Resize with CenterCrop, Pad, Grayscale, up to the
   * first that is random or converts to float32), so that later epochs need not decode them: `"memory"`, `"disk"`, or
   * where and how much. None by default.
   */
  cache?: "memory" | "disk" | CacheOptions | null;
}

/** What `ImageFolder` takes. */
export interface ImageFolderSettings extends ImageFilesOptions {
  /** The folder that holds a folder of images for each class. */
  root: string;
  /** Whether a class may be without images. @default false */
  allowEmpty?: boolean;
  /**
   * A part of the data set: `"train"`, `"val"` or `"test"`, if the root holds folders of such names (or `training`,
   * `valid`, ...). null: those are names of classes. By default there are no parts; a root that has some is refused.
   */
  split?: "train" | "val" | "test" | (string & {}) | null;
}

const IMAGE_FOLDER = parameterTable<ImageFolderSettings>("ImageFolder")(
  [
    "root",
    "transform?",
    "targetTransform?",
    "allowEmpty?:boolean",
    "split?",
    "channels?",
    "background?",
    "limit?",
    "decoder?",
    "cache?",
  ],
  async (
    root,
    transform = ToTensor(),
    targetTransform = null,
    allowEmpty = false,
    split,
    channels = 3,
    background,
    limit,
    decoder,
    cache,
  ): Promise<ImageFiles> => {
    if (typeof root !== "string")
      throw new ArgumentError(`ImageFolder: expected \`root\` to be a path, got ${shownValue(root)}`);
    if (split != null && typeof split !== "string")
      throw new ArgumentError(
        `ImageFolder: expected \`split\` to be a string or null, got ${shownValue(split)}`,
      );
    const decode = decodeOptionsOf("ImageFolder", { channels, background, limit, decoder });
    const { images, classes, unreadable, skipped } = await openFolder(root, { split, allowEmpty });
    reportLeftOut("ImageFolder", root, unreadable, skipped);
    return new ImageFiles({
      name: "ImageFolder",
      sources: images.map(({ path }) => path),
      labels: labelsOf(
        images.map(({ label }) => label),
        targetTransform,
      ),
      classes,
      transform,
      decode,
      cache: checkedCacheOptions("ImageFolder", cache),
      unreadable,
      skipped,
    });
  },
);

/**
 * Images in a folder for each class (torchvision.datasets.ImageFolder): `root/cat/1.jpg`, `root/dog/more/2.png`. Classes
 * are sorted by name, and nested folders belong to their class. Files are recognised by their first bytes when the
 * folder is opened, and decoded when they are needed, in the loader's workers. Node.js only.
 *
 * Unlike torchvision's, hidden files and folders are skipped, images that cannot be read are left out (`unreadable` and
 * `skipped` list them with the reason), links that lead in a circle end, class names are in Unicode's normal form C, and
 * folders `train/`, `val/`, `test/` are parts to be chosen by `split`.
 *
 * @throws FileError for a folder without classes, with one only, with an empty one, or with two of the same name after
 *   normalisation; ArgumentError if a part has to be chosen.
 * @example
 * ```ts no-run
 * const { Compose, RandomResizedCrop, ToTensor } = data.transforms;
 * const transform = Compose([RandomResizedCrop(224), ToTensor()]);
 * const training = await data.ImageFolder("photos", { split: "train", transform });
 * training.classes; // ["cat", "dog"]
 * const loader = data.DataLoader(training, { batchSize: 32, shuffle: true });
 * ```
 */
export async function ImageFolder(...args: ArgumentsOf<typeof IMAGE_FOLDER>): Promise<ImageFiles> {
  return IMAGE_FOLDER.bind(args);
}

/** Options of decoding without those that were not given. @throws ArgumentError for a wrong value. */
export function decodeOptionsOf(
  caller: string,
  given: { readonly [K in keyof DecodeOptions]: DecodeOptions[K] | undefined },
): DecodeOptions {
  const { channels } = given;
  if (channels !== 1 && channels !== 3)
    throw new ArgumentError(`${caller}: expected \`channels\` to be 1 or 3, got ${shownValue(channels)}`);
  const options: DecodeOptions = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  requireDecodeOptions(caller, options);
  // Asked for now: that sharp is missing should not come out in the first epoch.
  decoderVersion(options.decoder);
  return options;
}

/** int64 labels, [N]. */
export function labelsOf(labels: readonly number[], targetTransform: ((label: number) => number) | null) {
  const data = Float64Array.from(labels, (label) => targetTransform?.(label) ?? label);
  return { data, shape: [labels.length], dtype: "int64" as const };
}

/** Says once for each data set what is not counted; hidden files are named only if nothing else is. */
export function reportLeftOut(
  caller: string,
  where: string,
  unreadable: readonly LeftOut[],
  skipped: readonly LeftOut[],
): void {
  const parts: string[] = [];
  const example = ({ path, reason }: LeftOut) => `${path}: ${reason}`;
  if (unreadable.length > 0)
    parts.push(`${unreadable.length} unreadable (\`unreadable\` lists them; ${example(unreadable[0])})`);
  if (skipped.length > 0)
    parts.push(`${skipped.length} skipped (\`skipped\` lists them; ${example(skipped[0])})`);
  if (parts.length === 0) return;
  warnOnce(`left out ${where}`, `${caller}: of what is in ${where}, left out: ${parts.join("; ")}`);
}
