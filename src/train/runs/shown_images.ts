/** Network inputs as images for people: which channels are shown, and how values become 0 to 255. */
import type { Image } from "../../records/image.ts";

/** One example of a batch: channels, rows, columns. */
export interface Planes {
  readonly data: ArrayLike<number>;
  /** Where in `data` the example begins. */
  readonly at: number;
  readonly shape: readonly [channels: number, height: number, width: number];
}

/** Mean and standard deviation by which each channel was normalised. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Images, and in words what is seen if that is not the input as it is. */
export interface ShownImages {
  readonly images: Image[];
  readonly note: string | undefined;
}

/** A value at the edge of its range may be off by rounding. */
const SLACK = 1e-3;

/**
 * Inputs as images: 1 channel as grey, 3 as red, green, blue, 4 with opacity, of any other number the first as grey.
 *
 * Normalised values are brought back; values within 0 to 1 or 0 to 255 stay what they are; others are stretched from
 * the least to the largest of all.
 *
 * @param normalization - what the data set's transform did last, if that is known.
 */
export function shownImages(examples: readonly Planes[], normalization?: Normalization): ShownImages {
  const channels = examples[0]?.shape[0] ?? 1;
  const shown = channels === 3 || channels === 4 ? channels : 1;
  const notes: string[] = [];
  if (shown < channels) notes.push(`Images have ${channels} channels; the first is shown, as grey.`);
  const known = normalization?.mean.length === channels || normalization?.mean.length === 1;
  const restore = known ? restorer(normalization as Normalization) : (value: number) => value;
  const raw = examples.map((each) => interleaved(each, shown, restore));
  const [low, high] = rangeOf(raw);
  let scale = (value: number) => 255 * value;
  if (!known && low >= -SLACK && high > 1 + SLACK && high <= 255 + SLACK) scale = (value) => value;
  else if (!known && (low < -SLACK || high > 255 + SLACK)) {
    scale = (value) => (255 * (value - low)) / (high - low);
    notes.push("Values are not within 0 to 1 or 0 to 255: they are stretched from the least to the largest.");
  }
  const images = raw.map((values, i): Image => {
    const [, height, width] = examples[i].shape;
    const data = Uint8Array.from(values, (value) =>
      Math.max(0, Math.min(255, Math.round(scale(value)) || 0)),
    );
    return { width, height, channels: shown, data };
  });
  return { images, note: notes.length === 0 ? undefined : notes.join(" ") };
}

function restorer({ mean, std }: Normalization): (value: number, channel: number) => number {
  return (value, c) => value * std[c % std.length] + mean[c % mean.length];
}

/** The channels of each pixel beside each other. */
function interleaved(
  { data, at, shape: [, height, width] }: Planes,
  channels: number,
  restore: (value: number, channel: number) => number,
): Float64Array {
  const plane = height * width;
  const out = new Float64Array(plane * channels);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++) out[i * channels + c] = restore(data[at + c * plane + i], c);
  return out;
}

function rangeOf(images: readonly Float64Array[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of images) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high && value < Number.POSITIVE_INFINITY) high = value;
    }
  }
  return [low, high];
}

/** The parts of loaders and data sets that lead to a transform. */
interface Layer {
  readonly loader?: Layer;
  readonly source?: Layer;
  readonly dataset?: Layer;
  readonly transform?: { readonly spec?: Spec } | null;
}

type Spec = { readonly kind: string } & Partial<Normalization> & { readonly transforms?: readonly Spec[] };

/** How the data set behind a loader normalises its images last; undefined if that is not known. */
export function normalizationOf(loader: unknown): Normalization | undefined {
  let layer = loader as Layer | undefined;
  for (let depth = 0; layer && depth < 8; depth++) {
    const spec = layer.transform?.spec;
    if (spec !== undefined) return lastNormalize(spec);
    layer = layer.loader ?? layer.source ?? layer.dataset;
  }
  return undefined;
}

function lastNormalize(spec: Spec): Normalization | undefined {
  if (spec.kind === "Compose")
    return spec.transforms?.map(lastNormalize).findLast((each) => each !== undefined);
  return spec.kind === "Normalize" && spec.mean && spec.std ? { mean: spec.mean, std: spec.std } : undefined;
}
