/** A training as event files for TensorBoard. What writes them is loaded when something is written. */
import { typedArrayKind } from "../../base/builtin_kinds.ts";
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { loadedModule } from "../../base/open_files.ts";
import { formatShape } from "../../base/shape.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { TaggedValue } from "../../io/formats/tensorboard/event_record.ts";
import type { Module } from "../../nn/index.ts";
import type { Image } from "../../records/image.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Callbacks, EpochEvent } from "./fit_options.ts";

/** Settings of `tensorBoard`. */
export interface TensorBoardOptions {
  /** A network of whose parameters there is a histogram after each epoch; none without it. */
  readonly net?: Module;
}

type EventFile = Awaited<ReturnType<typeof import("#append_file")["openNewFile"]>>;

/**
 * Writes a training to an event file that TensorBoard shows: in the callbacks of `train.fit` the metrics of each point of
 * the curves, the learning rate and, with `net`, a histogram of each parameter after each epoch; and whatever else is added.
 * Node.js only.
 *
 * @param folder - for `tensorboard --logdir`; it is made if it is missing. Each training writes a file of its own.
 *
 * @example
 * ```ts
 * const board = train.tensorBoard("runs/a", { net });
 * await train.fit(net, { trainLoader, testLoader, optimizer, epochs: 1, callbacks: board });
 * await board.addScalar("seconds per image", 0.01, 1);
 * ```
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): TensorBoardWriter {
  return new TensorBoardWriter(folder, options);
}

/** {@link tensorBoard}'s callbacks, with methods for values of one's own. Each resolves when the file has the value. */
export class TensorBoardWriter implements Callbacks {
  /** Where the event file lies. */
  readonly folder: string;
  readonly #net: Module | undefined;
  #file: Promise<EventFile> | null = null;
  #step = 0;

  constructor(folder: string, { net }: TensorBoardOptions = {}) {
    if (typeof folder !== "string" || folder === "")
      throw new ArgumentError(`tensorBoard: expected the name of a folder, got ${shownValue(folder)}`);
    this.folder = folder;
    this.#net = net;
  }

  /** The metrics of the training, each under its own tag. */
  async onPoint(point: MetricsPoint): Promise<void> {
    this.#step = point.step ?? 0;
    const { scalarValue } = await values();
    await this.#write(
      scalarsOf(point).map(([tag, value]) => scalarValue(tag, value)),
      this.#step,
    );
  }

  /** The parameters of `net`. */
  async onEpoch({ point }: Pick<EpochEvent, "point">): Promise<void> {
    if (this.#net === undefined) return;
    const { histogramValue } = await values();
    const histograms: TaggedValue[] = [];
    for (const [name, parameter] of this.#net.namedParameters())
      histograms.push(histogramValue(`parameters/${name}`, await parameter.data()));
    await this.#write(histograms, point.step ?? this.#step);
  }

  /**
   * Adds a number.
   *
   * @param tag - what it is called; `a/b` stands in the group `a`.
   * @param step - its place on the horizontal axis, an integer of at least 0.
   * @throws FileError if the file cannot be written; ArgumentError for anything but a tag, a number and a step.
   */
  async addScalar(tag: string, value: number, step: number): Promise<void> {
    if (typeof value !== "number")
      throw new ArgumentError(`addScalar: expected a number, got ${shownValue(value)}`);
    const { scalarValue } = await values();
    await this.#write([scalarValue(checkedTag(tag, "addScalar"), value)], checkedStep(step, "addScalar"));
  }

  /**
   * Adds an image.
   *
   * @param image - plain data, or a tensor [C, H, W] or [H, W] with C of 1, 3 or 4: floats from 0 to 1, or integers from 0 to
   *   255.
   * @throws as `addScalar`; ShapeError for other shapes.
   */
  async addImage(tag: string, image: Image | Tensor, step: number): Promise<void> {
    const [name, at] = [checkedTag(tag, "addImage"), checkedStep(step, "addImage")];
    const plain = image instanceof Tensor ? await imageOf(image) : image;
    const { encodePng } = await loadedModule(import("../../io/images/encode_png.ts"));
    const { imageValue } = await values();
    await this.#write([imageValue(name, plain, encodePng(plain))], at);
  }

  /**
   * Adds a histogram.
   *
   * @param data - the numbers; those that are not finite are left out.
   * @throws as `addScalar`.
   */
  async addHistogram(tag: string, data: Tensor | ArrayLike<number>, step: number): Promise<void> {
    const [name, at] = [checkedTag(tag, "addHistogram"), checkedStep(step, "addHistogram")];
    if (!(data instanceof Tensor) && !Array.isArray(data) && typedArrayKind(data) === undefined)
      throw new ArgumentError(`addHistogram: expected a tensor or numbers, got ${shownValue(data)}`);
    const { histogramValue } = await values();
    await this.#write([histogramValue(name, data instanceof Tensor ? await data.data() : data)], at);
  }

  async #write(written: readonly TaggedValue[], step: number): Promise<void> {
    const seconds = Date.now() / 1000;
    const { encodeSummary } = await records();
    this.#file ??= this.#open(seconds);
    await (await this.#file).append(encodeSummary(seconds, step, written));
  }

  async #open(seconds: number): Promise<EventFile> {
    const { openNewFile } = await loadedModule(import("#append_file"));
    const { encodeFileVersion } = await records();
    const file = await openNewFile(this.folder, `events.out.tfevents.${Math.floor(seconds)}`);
    await file.append(encodeFileVersion(seconds));
    return file;
  }
}

const values = () => loadedModule(import("../../io/formats/tensorboard/summary_values.ts"));
const records = () => loadedModule(import("../../io/formats/tensorboard/event_record.ts"));

/** A point's metrics by tag; what was not measured has none. */
function scalarsOf(point: MetricsPoint): (readonly [tag: string, value: number])[] {
  const all: (readonly [string, number | undefined])[] = [
    ["loss/train", point.trainLoss],
    ["accuracy/train", point.trainAccuracy],
    ["loss/test", point.testLoss],
    ["accuracy/test", point.testAccuracy],
    ["lr", point.lr],
    ["examples per second", point.examplesPerSecond],
    ["epoch", point.epoch],
    ...Object.entries(point.extra ?? {}).map(([name, value]) => [`extra/${name}`, value] as const),
  ];
  return all.filter(
    (pair): pair is readonly [string, number] => pair[1] !== undefined && !Number.isNaN(pair[1]),
  );
}

function checkedTag(tag: unknown, of: string): string {
  if (typeof tag === "string" && tag !== "") return tag;
  throw new ArgumentError(`${of}: expected a tag, got ${shownValue(tag)}`);
}

function checkedStep(step: unknown, of: string): number {
  if (Number.isSafeInteger(step) && (step as number) >= 0) return step as number;
  throw new ArgumentError(`${of}: expected step to be an integer of at least 0, got ${shownValue(step)}`);
}

async function imageOf(tensor: Tensor): Promise<Image> {
  const [channels, height, width] = tensor.dim() === 2 ? [1, ...tensor.shape] : tensor.shape;
  if (tensor.dim() < 2 || tensor.dim() > 3 || ![1, 3, 4].includes(channels))
    throw new ShapeError(
      `addImage: expected a tensor [C, H, W] with C of 1, 3 or 4, or [H, W], got ${formatShape(tensor.shape)}`,
    );
  const planes = await tensor.data();
  const scale = tensor.isFloatingPoint() ? 255 : 1;
  const data = new Uint8ClampedArray(planes.length);
  const pixels = height * width;
  for (let channel = 0; channel < channels; channel++)
    for (let i = 0; i < pixels; i++) data[i * channels + channel] = planes[channel * pixels + i] * scale;
  return { width, height, channels: channels as 1 | 3 | 4, data: new Uint8Array(data.buffer) };
}
