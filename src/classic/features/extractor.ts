/** What extractors of features are, and what they give. */
import type { ListenedSignal } from "../../base/web_types.ts";
import type { Image } from "../../records/image.ts";
import type { Matrix } from "../matrix.ts";

/** How many images are worked on. */
export interface ExtractOptions {
  /**
   * Worker threads. Default: one for each processor if there is enough to do, else 0: this thread. The features are
   * the same for any number.
   */
  workers?: number;
  /** Ends the extraction; the promise rejects with the signal's reason. */
  signal?: ListenedSignal;
  /** Called with the number of images that are done. */
  onProgress?(done: number): void;
}

/** Gives one row of features for each image. */
export interface FeatureExtractor {
  /** Such as "hog". */
  readonly name: string;
  /** Number of features of an image, if it does not depend on the image's size. */
  readonly length?: number;
  /**
   * One row for each image, in their order. Works on all processors; the event loop stays free.
   *
   * @throws ArgumentError for bad images, for images whose numbers of features differ, and for options out of range.
   */
  extract(images: readonly Image[], options?: ExtractOptions): Promise<Matrix>;
}

/** A point of an image whose neighbourhood a descriptor describes. */
export interface KeyPoint {
  /** In pixels; 0 is the middle of the leftmost pixel. */
  readonly x: number;
  /** In pixels; 0 is the middle of the topmost pixel. */
  readonly y: number;
  /** Standard deviation of the blur at which it was found, in pixels (half of OpenCV's `size`). */
  readonly scale: number;
  /** Direction in degrees from 0 to 360, from the x axis towards the y axis (clockwise as seen). */
  readonly angle: number;
  /** How strong it is; larger is stronger. */
  readonly response: number;
  /** The octave it was found in: 0 for the image's own size, -1 for the doubled image, 1 for the halved one. */
  readonly octave: number;
}

/** Key points and a row of a matrix for each. */
export interface LocalFeatures {
  readonly keypoints: readonly KeyPoint[];
  /** A row for each key point; no rows if the image has none. */
  readonly descriptors: Matrix;
}

/** Gives key points with descriptors. */
export interface LocalExtractor {
  /** Such as "sift". */
  readonly name: string;
  /** Number of values of a descriptor. */
  readonly descriptorLength: number;
  /** The key points of one image, found in this thread. @throws ArgumentError for what is not an image. */
  detect(image: Image): Promise<LocalFeatures>;
  /** Those of many images, in their order, found on all processors while the event loop stays free. */
  detectAll(images: readonly Image[], options?: ExtractOptions): Promise<LocalFeatures[]>;
}

/** Gives descriptors on a grid: the same number for images of one size, so that they are one row of features, too. */
export interface DenseExtractor extends LocalExtractor {
  /**
   * One row for each image, its descriptors one after the other.
   *
   * @throws ArgumentError for bad images, images of different sizes, and images too small for a descriptor.
   */
  extract(images: readonly Image[], options?: ExtractOptions): Promise<Matrix>;
}

/** The features of one image as workers send them. */
export interface ImageFeatures {
  readonly rows: number;
  /** `rows` descriptors, one after the other. */
  readonly data: Float32Array;
  /** `POINT_VALUES` numbers for each row; null if rows are not of points. */
  readonly keypoints: Float32Array | null;
}

/** x, y, scale, angle, response, octave. */
export const POINT_VALUES = 6;

/** What is sent to workers in place of an extractor: its name and its complete options. */
export interface Recipe {
  readonly name: string;
  readonly settings: object;
  /** @internal The kernels on planes, compiled, if it needs them. */
  readonly kernels?: WebAssembly.Module;
}

/** Computes the features of one image that has been checked. */
export type ImageFunction = (image: Image) => ImageFeatures;

/** Key points as objects. */
export function keyPointsOf(packed: Float32Array): KeyPoint[] {
  const points: KeyPoint[] = [];
  for (let at = 0; at < packed.length; at += POINT_VALUES) {
    const [x, y, scale, angle, response, octave] = packed.subarray(at, at + POINT_VALUES);
    points.push({ x, y, scale, angle, response, octave });
  }
  return points;
}
