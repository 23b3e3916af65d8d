/** The figures of `convoyant look`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { OnnxNetwork } from "../../interop/onnx/onnx_network.ts";
import * as look from "../../look/index.ts";
import { type ClassName, className, shortClassName } from "../../records/class_names.ts";
import type { Filters } from "../../report/filter_images.ts";
import { stack, type Tensor, tensor } from "../../tensor/index.ts";
import { parseFirstLayer } from "../../train/runs/first_layer.ts";
import { RUN_FILES, readRunConfig } from "../../train/runs/run_folder.ts";
import type { TrainedNetworkOptions } from "../evaluate.ts";
import type { LookedImage } from "./image_collections.ts";
import { type LookedNetwork, openLooked } from "./looked_network.ts";

/** What can be looked at. */
export const LOOKS = [
  "filters",
  "activations",
  "saliency",
  "grad-cam",
  "occlusion",
  "maximise",
  "embedding",
  "histograms",
] as const;

/** How saliency is computed, and how an embedding is laid out. */
export const METHODS = {
  saliency: ["gradient", "smooth-grad", "integrated-gradients"],
  embedding: ["tsne", "pca", "neighbours"],
} as const;

/** What `lookFigure` takes. */
export interface LookOptions extends TrainedNetworkOptions {
  readonly what: (typeof LOOKS)[number];
  /** Path of a layer. */
  readonly layer?: string;
  /** An image file, or `test:17`. Default: `test:0`. */
  readonly image?: string;
  /** A folder of class folders, for an embedding. Default: the test set. */
  readonly images?: string;
  /** How many images an embedding has. Default 500. */
  readonly count?: number;
  /** Name or number of a class. Default: the likeliest; of `maximise` all. */
  readonly class?: string;
  /** Channels of the layer, for `maximise`. Default: the first eight. */
  readonly units?: readonly number[];
  /** One of `METHODS`. */
  readonly method?: string;
  /** Of filters. */
  readonly scale?: "each" | "all";
  /** Filters over the epochs of a run. */
  readonly overEpochs?: boolean;
  readonly seed?: number;
  /** Whether points of an embedding have images, which a pointer shows. Default true. */
  readonly thumbnails?: boolean;
  readonly lang?: look.FigureLanguage;
  /** Called with what is done to how many of how many things: "read", 50, 500, "images". */
  readonly onProgress?: (what: string, done: number, of: number, things: string) => void;
}

/** A figure in any width. */
export type Draw = (width: number) => look.DrawnFigure;

/**
 * A figure of what a trained network has learned: what `convoyant look` writes.
 *
 * @param source - a run's folder or a file of weights.
 * @throws ArgumentError for what does not belong together; FileError for a source that cannot be read.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { figureSvg } from "convoyant/look";
 * const draw = await experiments.lookFigure("runs/first", { what: "grad-cam", image: "test:17" });
 * figureSvg(draw(720));
 * ```
 */
export async function lookFigure(source: string, options: LookOptions): Promise<Draw> {
  const { what } = options;
  if (!(LOOKS as readonly string[]).includes(what))
    throw new ArgumentError(`expected one of ${LOOKS.join(", ")}, got "${what}"`);
  if (what === "filters" && options.overEpochs) return filmstrip(source, options);
  const looked = await openLooked(source, options);
  if (NEED_LAYERS.includes(what)) requireLayers(looked, what);
  return DRAWERS[what](looked, options);
}

/** What looks at what single layers give. */
const NEED_LAYERS: readonly LookOptions["what"][] = ["activations", "grad-cam", "embedding"];

/** @throws ArgumentError for a network out of an ONNX file. */
function requireLayers({ net }: LookedNetwork, what: string): void {
  if (!(net instanceof OnnxNetwork)) return;
  throw new ArgumentError(
    `${what} looks at layers, and a network out of an ONNX file has operations only: name a run or its weights, or look at ` +
      "filters, saliency, occlusion, maximise or histograms",
  );
}

type Drawer = (looked: LookedNetwork, options: LookOptions) => Promise<Draw>;

const lang = (options: LookOptions) => (options.lang === undefined ? {} : { lang: options.lang });
const layer = (options: LookOptions) => (options.layer === undefined ? {} : { layer: options.layer });
const scale = (options: LookOptions) => (options.scale === undefined ? {} : { scale: options.scale });

const DRAWERS: Readonly<Record<LookOptions["what"], Drawer>> = {
  filters: async ({ net }, options) => {
    const found = await look.filters(net, layer(options));
    return (width) => look.filtersFigure(found, { width, ...lang(options), ...scale(options) });
  },
  activations: async (looked, options) => {
    const { input } = await example(looked, options);
    const layers = options.layer === undefined ? {} : { layers: [options.layer] };
    const found = await look.activations(looked.net, input, layers);
    return (width) => look.activationsFigure(found, { width, ...lang(options) });
  },
  saliency: (looked, options) => {
    const method = methodOf(options, METHODS.saliency);
    const map = {
      gradient: look.saliency,
      "smooth-grad": look.smoothGrad,
      "integrated-gradients": look.integratedGradients,
    }[method];
    return attributed(looked, options, method === "gradient" ? "saliency" : method, map);
  },
  "grad-cam": (looked, options) => attributed(looked, options, "grad-cam", look.gradCam),
  occlusion: (looked, options) => {
    const onProgress = (done: number, of: number) => options.onProgress?.("covered", done, of, "places");
    return attributed(looked, options, "occlusion", (net, input, given) =>
      look.occlusion(net, input, { ...given, onProgress }),
    );
  },
  maximise: async (looked, options) => {
    const { classes, preprocessing } = looked.classifier;
    const shape =
      looked.shape ?? ((await example(looked, options)).input.shape.slice(1) as [number, number, number]);
    const ofClass =
      options.class === undefined ? classes.map((_, i) => i) : [looked.classNamed(options.class)];
    const first = options.layer === undefined ? ofClass.slice(0, 12) : [0, 1, 2, 3, 4, 5, 6, 7];
    const units = options.units ?? first;
    const found: look.Maximised[] = [];
    for (const [i, unit] of units.entries()) {
      const onStep = (step: number) =>
        options.onProgress?.("made", STEPS * i + step, STEPS * units.length, "steps");
      const settings = { shape, unit, steps: STEPS, seed: options.seed ?? 0, onStep, ...layer(options) };
      found.push(await look.maximise(looked.net, settings));
    }
    const names = units.map((unit) =>
      options.layer === undefined ? classNameIn(options.lang, classes, unit) : `${unit}`,
    );
    const images = await Promise.all(found.map((one) => look.maximisedImage(one, preprocessing)));
    return (width) => look.maximiseFigure(found, { images, names, width, ...lang(options) });
  },
  embedding,
  histograms: async (looked, options) => {
    const images = await looked.images(64, options.images ?? null);
    const inputs = await Promise.all(images.map(({ image }) => looked.input(image)));
    const labels = images.map(({ label }) => label ?? 0);
    const found = await look.histograms(looked.net, { batch: [batchOf(inputs), tensor(labels)] });
    return (width) => look.histogramsFigure(found, { width, ...lang(options) });
  },
};

/** Of gradient ascent, for an image that maximises a unit. */
const STEPS = 128;

/** In Chinese figures with the Chinese name. */
const classNameIn = (lang: LookOptions["lang"], classes: readonly ClassName[], index: number): string =>
  lang === "zh" ? className(classes, index) : shortClassName(classes, index);

/** Images of one size, [1, C, H, W], as one batch. */
const batchOf = (inputs: readonly Tensor[]): Tensor => stack(inputs.map((input) => input.squeeze(0)));

async function example(
  looked: LookedNetwork,
  options: LookOptions,
): Promise<LookedImage & { input: Tensor }> {
  const found = await looked.image(options.image ?? "test:0");
  return { ...found, input: await looked.input(found.image) };
}

function methodOf<M extends string>({ method, what }: LookOptions, known: readonly M[]): M {
  if (method === undefined) return known[0];
  const found = known.find((name) => name === method);
  if (found === undefined)
    throw new ArgumentError(
      `expected the method of ${what} to be one of ${known.join(", ")}, got "${method}"`,
    );
  return found;
}

/** A map of what mattered, over its image. */
async function attributed(
  looked: LookedNetwork,
  options: LookOptions,
  what: look.AttributionName,
  compute: (
    net: LookedNetwork["net"],
    input: Tensor,
    options: { classIndex?: number; layer?: string; seed?: number },
  ) => Promise<look.HeatMap & { classIndex: number; layer?: string }>,
): Promise<Draw> {
  const { input } = await example(looked, options);
  const { classes, preprocessing } = looked.classifier;
  const map = await compute(looked.net, input, {
    ...(options.class !== undefined && { classIndex: looked.classNamed(options.class) }),
    ...layer(options),
    ...(options.seed !== undefined && { seed: options.seed }),
  });
  const shown = await look.shownInput(input, preprocessing);
  const name = classNameIn(options.lang, classes, map.classIndex);
  const of = map.layer === undefined ? {} : { layer: map.layer };
  return (width) =>
    look.attributionFigure(shown, map, { what, className: name, width, ...of, ...lang(options) });
}

const TSNE_STEPS = 1000;

async function embedding(looked: LookedNetwork, options: LookOptions): Promise<Draw> {
  const method = methodOf(options, METHODS.embedding);
  const examples = await looked.images(options.count ?? 500, options.images ?? null);
  const images = examples.map(({ image }) => image);
  const labels = examples.map(({ label }) => label ?? 0);
  const head = options.layer === undefined ? {} : { head: options.layer };
  const features = await look.hiddenFeatures(looked.net, batches(looked, examples, options), head);
  const { classes: classNames } = looked.classifier;
  const shared = { labels, classNames, ...lang(options) };
  const thumbnails = options.thumbnails === false ? {} : { images };
  if (method === "neighbours") {
    const found = look.nearestNeighbours(features, 7);
    return (width) => look.neighboursFigure(found, { ...shared, images, width });
  }
  if (method === "pca") {
    const places = look.principalComponents(features);
    return (width) => look.embeddingFigure(places, { ...shared, method, ...thumbnails, width });
  }
  const places = await look.tsne(features, {
    steps: TSNE_STEPS,
    onStep: (step) => options.onProgress?.("t-SNE:", step, TSNE_STEPS, "steps"),
  });
  const { divergence } = places;
  return (width) => look.embeddingFigure(places, { ...shared, method, ...thumbnails, divergence, width });
}

/** Examples as the network takes them: many at once, unless it takes a fixed number. */
async function* batches(
  looked: LookedNetwork,
  examples: readonly LookedImage[],
  { onProgress }: LookOptions,
): AsyncGenerator<Tensor> {
  const size = looked.classifier.batch ?? 50;
  for (let first = 0; first < examples.length; first += size) {
    const here = examples.slice(first, first + size);
    yield batchOf(await Promise.all(here.map(({ image }) => looked.input(image))));
    onProgress?.("looked at", first + here.length, examples.length, "images");
  }
}

/** Filters over the epochs of a run. */
function filmstrip(source: string, options: LookOptions): Draw {
  readRunConfig(source);
  const path = join(source, RUN_FILES.firstLayer);
  const snapshots: (Filters & { epoch: number })[] = snapshotsIn(path);
  return (width) => look.filmstripFigure(snapshots, { width, ...lang(options), ...scale(options) });
}

function snapshotsIn(path: string): ReturnType<typeof parseFirstLayer> {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // Reported below, as a file without a snapshot is.
  }
  const found = parseFirstLayer(text);
  if (found.length > 0) return found;
  throw new FileError(
    `${path} holds no snapshots of filters: the run is older than they are, or its network does not begin with a convolution`,
  );
}
