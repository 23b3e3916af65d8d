/** Features of many images, in worker threads if that pays. */
import { ArgumentError } from "../../base/errors.ts";
import type { Image } from "../../records/image.ts";
import { processors } from "../../workers/processors.ts";
import { RequestWorkers } from "../../workers/request_workers.ts";
import type { WorkerScript } from "../../workers/worker_port.ts";
import { requireImage, requireImages } from "../images/checked_image.ts";
import type { Matrix } from "../matrix.ts";
import { integer, type OptionRules, readOptions } from "../option_checks.ts";
import {
  type DenseExtractor,
  type ExtractOptions,
  type FeatureExtractor,
  type ImageFunction,
  keyPointsOf,
  type LocalExtractor,
  type LocalFeatures,
  POINT_VALUES,
  type Recipe,
} from "./extractor.ts";
import {
  batchStarts,
  type FeatureBatch,
  featuresOfBatch,
  type ImageBatch,
  joined,
  packImages,
} from "./image_batches.ts";
import { imageFunction } from "./image_functions.ts";
import { planeKernels } from "./plane_kernels.ts";

/** Fewer pixels than this are done sooner than workers start. */
const WORTH_WORKERS = 2 ** 20;

/** Each has images and kernels of its own in memory. */
const MOST_WORKERS = 64;

/** Batches that each worker is asked for ahead. */
const AHEAD = 2;

/** Stands for a number of workers that follows from the images. */
const AUTOMATIC = -1;

const anything = { otherwise: undefined, expected: "", accepts: () => true };
const RULES: OptionRules<ExtractOptions> = {
  workers: { ...integer(0, 0, MOST_WORKERS), otherwise: AUTOMATIC },
  signal: anything,
  onProgress: anything,
};

/** Where an extractor's function is, in this thread and in workers. */
export interface Origin {
  readonly script: WorkerScript;
  function(recipe: Recipe): ImageFunction;
}

const FEATURES: Origin = {
  script: {
    url: () => new URL("./feature_worker.js", import.meta.url),
    source: () => import("#worker_sources/feature_worker"),
  },
  function: imageFunction,
};

/** What an extractor runs on. */
export interface ExtractorParts {
  /** Whether it needs the kernels on planes. */
  readonly kernels?: boolean;
  readonly origin?: Origin;
}

/** An extractor of one row for each image. */
export function featureExtractor(
  name: string,
  settings: object,
  parts: ExtractorParts = {},
): FeatureExtractor {
  const { kernels = false, origin = FEATURES } = parts;
  return {
    name,
    extract: async (images, options) => {
      requireImages(name, images);
      requireOneSize(name, images);
      const recipe = await recipeOf(name, settings, kernels);
      const batches = await featuresOf(recipe, images, options, origin);
      return { rows: images.length, columns: columnsOf(name, batches, images), data: dataOf(batches) };
    },
  };
}

async function recipeOf(name: string, settings: object, kernels: boolean): Promise<Recipe> {
  return kernels ? { name, settings, kernels: await planeKernels() } : { name, settings };
}

/** An extractor of descriptors on a grid; `length` is that of a descriptor. */
export function denseExtractor(
  name: string,
  length: number,
  settings: object,
  parts: ExtractorParts = {},
): DenseExtractor {
  const { extract } = featureExtractor(name, settings, parts);
  return { ...localExtractor(name, length, settings, parts), extract };
}

/** An extractor of key points; `length` is that of a descriptor. */
export function localExtractor(
  name: string,
  length: number,
  settings: object,
  { kernels = false, origin = FEATURES }: ExtractorParts = {},
): LocalExtractor {
  const here = keptFunction(origin);
  const detectAll = async (images: readonly Image[], options?: ExtractOptions) => {
    const recipe = await recipeOf(name, settings, kernels);
    const batches = await featuresOf(recipe, images, options, here);
    return batches.flatMap((batch) => featuresOfImages(batch, length));
  };
  return {
    name,
    descriptorLength: length,
    detectAll,
    async detect(image) {
      requireImage(name, image);
      return (await detectAll([image], { workers: 0 }))[0];
    },
  };
}

/** An origin that makes its function in this thread once: it keeps memory for images. */
function keptFunction(origin: Origin): Origin {
  let made: ImageFunction | undefined;
  return {
    ...origin,
    function: (recipe) => {
      made ??= origin.function(recipe);
      return made;
    },
  };
}

/** The key points of each image of a batch. */
function featuresOfImages({ rows, data, keypoints }: FeatureBatch, length: number): LocalFeatures[] {
  let from = 0;
  return Array.from(rows, (count) => {
    const to = from + count;
    const points = keypoints?.subarray(from * POINT_VALUES, to * POINT_VALUES) ?? new Float32Array();
    const descriptors: Matrix = {
      rows: count,
      columns: length,
      data: data.slice(from * length, to * length),
    };
    from = to;
    return { keypoints: keyPointsOf(points), descriptors };
  });
}

async function featuresOf(
  recipe: Recipe,
  images: readonly Image[],
  options: ExtractOptions | undefined,
  origin: Origin,
): Promise<FeatureBatch[]> {
  requireImages(recipe.name, images);
  const { workers, signal, onProgress } = readOptions(recipe.name, options, RULES);
  const starts = batchStarts(images);
  const packed = (batch: number) => packImages(images.slice(starts[batch], starts[batch + 1]));
  const count = starts.length - 1;
  const threads = Math.min(workers === AUTOMATIC ? automaticWorkers(images) : (workers ?? 0), count);
  const answers =
    threads === 0
      ? batchesHere(recipe, count, packed, origin)
      : batchesOf(recipe, count, packed, origin, threads);
  const found: FeatureBatch[] = [];
  for await (const answer of answers) {
    signal?.throwIfAborted();
    found.push(answer);
    onProgress?.(starts[found.length]);
  }
  return found;
}

function automaticWorkers(images: readonly Image[]): number {
  const pixels = images.reduce((sum, { width, height }) => sum + width * height, 0);
  const count = Math.min(processors(), MOST_WORKERS);
  return pixels < WORTH_WORKERS || count < 2 || images.length < 2 ? 0 : count;
}

async function* batchesHere(
  recipe: Recipe,
  count: number,
  packed: (batch: number) => ImageBatch,
  origin: Origin,
): AsyncGenerator<FeatureBatch> {
  const compute = origin.function(recipe);
  for (let batch = 0; batch < count; batch++) {
    yield featuresOfBatch(packed(batch), compute);
    // Other tasks of this thread have their turn between two batches.
    if (batch + 1 < count) await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}

async function* batchesOf(
  recipe: Recipe,
  count: number,
  packed: (batch: number) => ImageBatch,
  origin: Origin,
  threads: number,
): AsyncGenerator<FeatureBatch> {
  const pool = await RequestWorkers.start<Recipe, ImageBatch, FeatureBatch>({
    count: threads,
    script: origin.script,
    given: recipe,
    owner: recipe.name,
  });
  try {
    for (const answer of pool.answers(count, packed, AHEAD)) yield await answer;
  } finally {
    await pool.stop();
  }
}

function dataOf(batches: readonly FeatureBatch[]): Float32Array {
  return batches.length === 1 ? batches[0].data : joined(batches.map(({ data }) => data));
}

/** @throws ArgumentError for images of different sizes: their rows would differ in length. */
function requireOneSize(name: string, images: readonly Image[]): void {
  const [first] = images;
  const other = images.find(({ width, height }) => width !== first.width || height !== first.height);
  if (other === undefined) return;
  throw new ArgumentError(
    `${name}: expected images of one size, got ${first.width} by ${first.height} and ${other.width} by ${other.height}; ` +
      "resize them first, or describe them one by one",
  );
}

/** How many features each image has. */
function columnsOf(name: string, batches: readonly FeatureBatch[], images: readonly Image[]): number {
  if (images.length === 0) return 0;
  const columns = batches.reduce((sum, { data }) => sum + data.length, 0) / images.length;
  if (columns > 0) return columns;
  const [{ width, height }] = images;
  throw new ArgumentError(
    `${name}: images of ${width} by ${height} are too small for a descriptor; give larger images, or smaller descriptors`,
  );
}
