/** What the network of a run makes of images before its last layer. */
import { ShapeError } from "../../base/errors.ts";
import { datasetEntry } from "../../data/dataset_registry.ts";
import { planesOf } from "../../data/folders/load_images.ts";
import { transforms } from "../../data/index.ts";
import { greyOf } from "../../data/quality/grey_image.ts";
import { toArray, toTensor } from "../../data/to_tensors.ts";
import { Linear, type Module } from "../../nn/index.ts";
import type { Image } from "../../records/image.ts";
import { preprocessingOf } from "../../records/preprocessing.ts";
import { cat, noGrad, Tensor } from "../../tensor/index.ts";
import { outputOf } from "../../train/loop/network_output.ts";
import { inPrecision, type Precision } from "../../train/loop/precision.ts";
import { readyNetwork, type TrainedNetworkOptions } from "../evaluate.ts";

/** Images that go through the network at once. */
const BATCH = 32;

/** Collects the features of images, one after the other. */
export class RunFeatures {
  private readonly net: Module;
  private readonly precision: Precision;
  private readonly channels: number;
  private readonly transform: transforms.Transform;
  private waiting: Tensor[] = [];
  private readonly done: Float32Array[] = [];

  private constructor(net: Module, precision: Precision, channels: number, transform: transforms.Transform) {
    this.net = net;
    this.precision = precision;
    this.channels = channels;
    this.transform = transform;
  }

  /**
   * Opens a run, or a weights file.
   *
   * @throws as `evaluate`.
   */
  static async open(source: string, options: TrainedNetworkOptions): Promise<RunFeatures> {
    const { net, settings, inputShape, precision } = await readyNetwork(source, options);
    const known = preprocessingOf(net);
    const [channels, ...sides] = inputShape ?? datasetEntry(settings.data).imageShape;
    const { resize } = settings;
    const size = inputShape !== null || resize === null ? sides : [resize, resize];
    const { Compose, Preprocess, Resize, ToTensor } = transforms;
    const transform = known === undefined ? Compose([Resize(size), ToTensor()]) : Preprocess(known);
    return new RunFeatures(net, precision, known?.mean.length ?? channels, transform);
  }

  /**
   * Adds an image.
   *
   * @throws ShapeError if the network does not take it.
   */
  async add(image: Image): Promise<void> {
    this.waiting.push(await this.transform(toTensor(planesOf(withChannels(image, this.channels)))));
    if (this.waiting.length === BATCH) await this.flush();
  }

  /** The features of all images that were added, in order. */
  async rows(): Promise<readonly Float32Array[]> {
    await this.flush();
    return this.done;
  }

  private async flush(): Promise<void> {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    const { data } = await toArray(this.featuresOf(cat(waiting, 0)));
    const each = data.length / waiting.length;
    for (let i = 0; i < waiting.length; i++)
      this.done.push(Float32Array.from(data.subarray(i * each, (i + 1) * each), Number));
  }

  /** The input of the last linear layer; the output of a network that has none. */
  private featuresOf(x: Tensor): Tensor {
    const last = [...this.net.modules()].filter((module) => module instanceof Linear).at(-1);
    let features: Tensor | undefined;
    const hook = last?.registerForwardPreHook((_, inputs) => {
      const [input] = inputs;
      if (input instanceof Tensor) features = input;
    });
    try {
      return noGrad(() =>
        inPrecision(this.precision, () => {
          const output = outputOf(this.net, x);
          return (features ?? output).to("float32");
        }),
      );
    } finally {
      hook?.remove();
    }
  }
}

function withChannels(image: Image, channels: number): Image {
  if (image.channels === channels) return image;
  if (channels !== 1 && channels !== 3)
    throw new ShapeError(`it takes images of ${channels} channels, and image files have 1 or 3`);
  const { width, height } = image;
  if (channels === 1) return { ...greyOf(image), channels };
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data.fill(image.data[i], 3 * i, 3 * i + 3);
  return { width, height, channels, data };
}
