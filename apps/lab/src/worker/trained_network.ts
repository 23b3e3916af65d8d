/** One network with its optimiser and its own place in the random numbers: it trains as if it were alone. */
import {
  argmax,
  eq,
  fromTypedArray,
  getRngState,
  manualSeed,
  nn,
  noGrad,
  optim,
  type RngState,
  setRngState,
  sum,
  Tensor,
} from "convoyant";
import type { Training } from "../experiment/experiment.ts";

/** A tensor that was read. */
export interface ReadTensor {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "float64" | "int64";
}

/** All that a network needs to go on from a step. */
export interface SavedNetwork {
  readonly weights: Readonly<Record<string, ReadTensor>>;
  /** The optimiser's state dict, its tensors read. */
  readonly optimizer: unknown;
  readonly rng: RngState;
  readonly bytes: number;
}

/** What a step gives once it has been computed. */
export interface StepResult {
  readonly loss: Tensor;
  /** Images of the batch that are right. */
  readonly right: Tensor;
  readonly images: number;
}

export class TrainedNetwork {
  net: nn.Module;
  optimizer: optim.Optimizer;
  #rng: RngState;

  /** Makes a network of the seed: the same as if it were made alone. */
  static async make(make: () => Promise<nn.Module>, training: Training): Promise<TrainedNetwork> {
    manualSeed(training.seed);
    return new TrainedNetwork(await make(), training);
  }

  private constructor(net: nn.Module, training: Training) {
    this.net = net;
    this.optimizer = makeOptimizer(net, training);
    this.#rng = getRngState();
  }

  /** Takes another network's place. */
  replace(net: nn.Module, training: Training): void {
    this.net = net;
    this.optimizer = makeOptimizer(net, training);
  }

  /**
   * Sends a step to the engine; resolves when no more than two are under way.
   *
   * @param keepGradients - whether they can be read until the next step.
   */
  async step(x: Tensor, y: Tensor, keepGradients = false): Promise<StepResult> {
    const { net, optimizer } = this;
    optimizer.keepGradients = keepGradients;
    setRngState(this.#rng);
    net.train();
    const results = this.#send(x, y);
    this.#rng = getRngState();
    await results.sent;
    return results;
  }

  /** Records and sends a step; one that does not fit the memory leaves everything as it was. */
  #send(x: Tensor, y: Tensor) {
    const { net, optimizer } = this;
    try {
      const output: Tensor = net(x);
      const loss = nn.functional.crossEntropy(output, y);
      optimizer.zeroGrad();
      loss.backward();
      const right = noGrad(() => sum(eq(argmax(output.detach(), 1), y)));
      const sent = optimizer.step();
      return { loss: loss.detach(), right, images: x.size(0), sent };
    } catch (error) {
      optimizer.zeroGrad();
      throw error;
    }
  }

  /** Changes settings of the optimiser; another optimiser begins without memory. */
  change(training: Training, before: Training): void {
    if (training.optimizer !== before.optimizer) {
      this.optimizer = makeOptimizer(this.net, training);
      return;
    }
    for (const group of this.optimizer.paramGroups) {
      group.lr = training.learningRate;
      group.weightDecay = training.weightDecay;
    }
  }

  /** Everything as it is now, copied out of the engine. */
  async save(): Promise<SavedNetwork> {
    const state = this.net.stateDict();
    const rng = this.#rng;
    // All reads are sent before anything is waited for.
    const reading = Object.entries(state).map(
      async ([name, tensor]) => [name, await readTensor(tensor)] as const,
    );
    const optimizer = readDeep(this.optimizer.stateDict());
    const weights = Object.fromEntries(await Promise.all(reading));
    const read = await optimizer;
    return { weights, optimizer: read, rng, bytes: bytesIn(weights) + bytesIn(read) };
  }

  /** Goes on from where `save` was called. */
  restore(saved: SavedNetwork, training: Training): void {
    this.net.loadStateDict(
      Object.fromEntries(Object.entries(saved.weights).map(([name, read]) => [name, tensorOf(read)])),
    );
    this.optimizer = makeOptimizer(this.net, training);
    this.optimizer.loadStateDict(tensorsDeep(saved.optimizer) as never);
    this.change(training, training);
    this.#rng = saved.rng;
  }
}

function makeOptimizer(
  net: nn.Module,
  { optimizer, learningRate: lr, weightDecay }: Training,
): optim.Optimizer {
  const parameters = net.parameters();
  return optimizer === "adam"
    ? optim.Adam(parameters, { lr, weightDecay })
    : optim.SGD(parameters, { lr, weightDecay, momentum: optimizer === "momentum" ? 0.9 : 0 });
}

async function readTensor(tensor: Tensor): Promise<ReadTensor> {
  const { shape, dtype } = tensor;
  const data = (await tensor.detach().data()) as Float32Array;
  return { data: data.slice(), shape, dtype: dtype as ReadTensor["dtype"] };
}

const tensorOf = ({ data, shape, dtype }: ReadTensor): Tensor =>
  fromTypedArray(data.slice() as Float32Array, [...shape], dtype);

/** Plain data with its tensors read. */
async function readDeep(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) return readTensor(value);
  if (Array.isArray(value)) return Promise.all(value.map(readDeep));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, one]) => [key, await readDeep(one)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const isRead = (value: object): value is ReadTensor => "data" in value && ArrayBuffer.isView(value.data);

function tensorsDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tensorsDeep);
  if (typeof value !== "object" || value === null) return value;
  if (isRead(value)) return tensorOf(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tensorsDeep(one)]));
}

function bytesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (isRead(value)) return value.data.byteLength;
  return Object.values(value).reduce((all: number, one) => all + bytesIn(one), 0);
}
