/** Trains one network, or two on the same batches: plays, pauses, goes back. */
import { data, fromTypedArray, Tensor, train } from "convoyant";
import type { DataProgress, LabData } from "../data/lab_data.ts";
import { datasetOf } from "../data/lab_data.ts";
import type { Training } from "../experiment/experiment.ts";
import { type Checkpoint, Checkpoints, isCheckpointStep, type Place } from "./checkpoints.ts";
import { LabError } from "./problem.ts";
import type { StepPoint, TestPoint } from "./protocol.ts";
import type { StepResult, TrainedNetwork } from "./trained_network.ts";

/** What the loop tells. */
export interface LoopListener {
  step(point: StepPoint, images: number): void;
  /** Whether gradients of this step are wanted. */
  measures(step: number): boolean;
  /** After a step that is measured, before the next one; the loop waits. */
  measured(step: number, inputs: readonly Tensor[]): Promise<void>;
  tested(point: TestPoint): void;
  checkpoints(): void;
  progress(done: number, of: number | null): void;
  /** The loop has ended by itself. */
  ended(why: "finished" | LabError): void;
}

/** A step that was sent and is not read yet. */
interface SentStep {
  readonly step: number;
  readonly epoch: number;
  readonly results: readonly StepResult[];
}

type Batch = readonly [x: Tensor, y: Tensor];

/** Steps under way: the engine computes one while the next is recorded. */
const AHEAD = 2;
const TEST_BATCH = 256;

export class TrainingLoop {
  readonly networks: readonly TrainedNetwork[];
  readonly checkpoints = new Checkpoints();
  readonly #data: LabData;
  readonly #sizes: readonly number[];
  readonly #listener: LoopListener;
  #training: Training;
  #place: Place = { step: 0, epoch: 0, example: 0 };
  #running: Promise<void> | null = null;
  #stop = false;
  #failed = false;
  /** Steps that are left of those that were asked for. */
  #left = 0;

  /** @param sizes - edge of the images of each network. */
  constructor(
    networks: readonly TrainedNetwork[],
    sizes: readonly number[],
    given: LabData,
    training: Training,
    listener: LoopListener,
  ) {
    this.networks = networks;
    this.#sizes = sizes;
    this.#data = given;
    this.#training = training;
    this.#listener = listener;
  }

  get training(): Training {
    return this.#training;
  }

  get place(): Place {
    return this.#place;
  }

  /** Epochs done, with the part of the one under way. */
  get epochs(): number {
    return this.#place.epoch + this.#place.example / this.#data.train.count;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get isFinished(): boolean {
    return this.#place.epoch >= this.#training.epochs;
  }

  /** Trains on, until it is paused or all epochs are done. */
  play(steps = Number.POSITIVE_INFINITY): void {
    this.#left = steps;
    this.#stop = false;
    this.#failed = false;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Whether it ended by a problem. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  /** Trains this many steps. */
  async playSteps(count: number): Promise<void> {
    this.play(count);
    await this.#running;
  }

  /** Resolves when the steps under way have been read; to whether it was running. */
  async pause(): Promise<boolean> {
    const running = this.#running;
    this.#stop = true;
    await running;
    return running !== null;
  }

  /** Call while it is paused. */
  change(training: Training): void {
    for (const network of this.networks) network.change(training, this.#training);
    this.#training = training;
  }

  async checkpoint(accuracy: readonly (number | null)[] | null = null): Promise<Checkpoint> {
    const place = this.#place;
    const made = this.checkpoints.at(place.step);
    if (made !== undefined) {
      if (accuracy !== null) made.accuracy = accuracy;
      return made;
    }
    const networks = await Promise.all(this.networks.map((network) => network.save()));
    const none = this.networks.map(() => null);
    return this.checkpoints.add({ place, epochs: this.epochs, networks, accuracy: accuracy ?? none });
  }

  /** Call while it is paused. */
  restore({ place, networks }: Checkpoint): void {
    this.networks.forEach((network, i) => network.restore(networks[i], this.#training));
    this.#place = place;
  }

  /** The step that comes next, taken and taken back: its images, with the gradients still there for `look`. Call while paused. */
  async tryStep<T>(look: (inputs: readonly Tensor[]) => Promise<T>): Promise<T> {
    const saved = await Promise.all(this.networks.map((network) => network.save()));
    const place = this.#place;
    if (this.isFinished) this.#place = { ...place, example: 0, epoch: 0 };
    try {
      for await (const batches of this.#batches()) {
        for (const [i, network] of this.networks.entries()) await network.step(...batches[i], true);
        return await look(batches.map(([x]) => x));
      }
      throw new LabError("failed", "there are not images to measure with");
    } finally {
      this.#place = place;
      this.networks.forEach((network, i) => network.restore(saved[i], this.#training));
    }
  }

  /** Call while it is paused: the networks must not be trained meanwhile. */
  async test(): Promise<TestPoint> {
    const { test, classes } = this.#data;
    const tested: TestPoint["networks"][number][] = [];
    for (const [i, { net }] of this.networks.entries()) {
      const loader = data.DataLoader(datasetOf(this.#data, test, this.#sizes[i]), { batchSize: TEST_BATCH });
      const onBatch: DataProgress = (done, of) =>
        this.#listener.progress(i * (of ?? 0) + done, of === null ? null : of * this.networks.length);
      const { loss, accuracy, confusion } = await train.evaluate(net, loader, { onBatch });
      await loader.close();
      const values = Float32Array.from(confusion.flat());
      tested.push({ loss, accuracy, confusion: { width: classes.length, height: classes.length, values } });
    }
    return { step: this.#place.step, epoch: this.epochs, networks: tested };
  }

  /** The batches that come next, of each size once: networks of one size get the same tensors. */
  async *#batches(): AsyncGenerator<readonly Batch[]> {
    const { batchSize, seed } = this.#training;
    const { train: images } = this.#data;
    const sizes = [...new Set(this.#sizes)];
    const loaders = sizes.map((size) =>
      data.DataLoader(datasetOf(this.#data, images, size), { batchSize, shuffle: true, seed }),
    );
    const { epoch, example } = this.#place;
    const iterators = loaders.map((loader) => loader.iterate({ epoch, fromExample: example }));
    try {
      for (;;) {
        const next = await Promise.all(iterators.map((iterator) => iterator.next()));
        if (next.some(({ done }) => done)) return;
        yield this.#sizes.map((size) => next[sizes.indexOf(size)].value as Batch);
      }
    } finally {
      await Promise.all(iterators.map((iterator) => iterator.return()));
      await Promise.all(loaders.map((loader) => loader.close()));
    }
  }

  async #run(): Promise<void> {
    const sent: SentStep[] = [];
    try {
      if (this.#place.step === 0 && this.checkpoints.all.length === 0) await this.#keep();
      while (!this.isFinished && this.#goesOn()) {
        for await (const batches of this.#batches()) {
          await this.#step(batches, sent);
          if (!this.#goesOn()) break;
        }
        if (this.#place.example >= this.#data.train.count) {
          while (sent.length > 0) await this.#read(sent);
          this.#place = { step: this.#place.step, epoch: this.#place.epoch + 1, example: 0 };
          await this.#endEpoch();
        }
      }
      while (sent.length > 0) await this.#read(sent);
      if (this.isFinished) this.#listener.ended("finished");
    } catch (error) {
      this.#failed = true;
      this.#listener.ended(await this.#failure(error));
    }
  }

  #goesOn(): boolean {
    return !this.#stop && this.#left > 0;
  }

  async #step(batches: readonly Batch[], sent: SentStep[]): Promise<void> {
    const { step, epoch, example } = this.#place;
    const measures = this.#listener.measures(step + 1);
    const results: StepResult[] = [];
    for (const [i, network] of this.networks.entries())
      results.push(await network.step(...batches[i], measures));
    const images = results[0].images;
    this.#place = { step: step + 1, epoch, example: example + images };
    this.#left--;
    sent.push({ step: step + 1, epoch: this.epochs, results });
    // The first step is told when it is done: one waits for it.
    const ahead = step === 0 ? 0 : AHEAD;
    while (sent.length > ahead) await this.#read(sent);
    if (measures)
      await this.#listener.measured(
        step + 1,
        batches.map(([x]) => x),
      );
    if (isCheckpointStep(this.#place.step)) {
      while (sent.length > 0) await this.#read(sent);
      await this.#keep();
    }
    await messages();
  }

  /** Waits for the oldest step, and tells it. */
  async #read(sent: SentStep[]): Promise<void> {
    const { step, epoch, results } = sent.shift() as SentStep;
    const loss: number[] = [];
    const accuracy: number[] = [];
    for (const result of results) {
      loss.push(Number(await result.loss.item()));
      accuracy.push(Number(await result.right.item()) / result.images);
    }
    const bad = loss.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new Diverged(step, bad, loss[bad]);
    this.#listener.step({ step, epoch, loss, accuracy }, results[0].images);
  }

  async #keep(accuracy: readonly (number | null)[] | null = null): Promise<void> {
    await this.checkpoint(accuracy);
    this.#listener.checkpoints();
  }

  async #endEpoch(): Promise<void> {
    const point = await this.test();
    this.#listener.tested(point);
    await this.#keep(point.networks.map(({ accuracy }) => accuracy));
  }

  async #failure(error: unknown): Promise<LabError> {
    if (error instanceof Diverged) return this.#explainDivergence(error);
    if (error instanceof LabError) return error;
    const { name, message } = error as Error;
    if (name !== "OutOfMemoryError") return new LabError("failed", message, {}, { cause: error });
    const { batchSize } = this.#training;
    return new LabError(
      "out of memory",
      `a step with ${batchSize} images does not fit the memory: make the batch or the network smaller (${message})`,
      { batchSize },
      { cause: error },
    );
  }

  /** Goes back to the step before the one that diverged, and looks for the layer in which it began. */
  async #explainDivergence({ step, network, loss }: Diverged): Promise<LabError> {
    const text = Number.isNaN(loss) ? "NaN" : "infinite";
    const { learningRate } = this.#training;
    const from = this.checkpoints.before(step - 1);
    let where = "";
    let layer = "";
    if (from !== undefined) {
      this.restore(from);
      this.checkpoints.dropAfter(from.place.step);
      const found = await this.#replay(step, network);
      layer = found ?? "";
      if (found !== null) where = `; it began in ${found === "" ? "the loss" : `layer ${found}`}`;
    }
    return new LabError(
      "diverged",
      `the loss became ${text} at step ${step}${where}. Training has paused before that step: try a smaller learning rate (it is ${learningRate})`,
      { step, layer, network, learningRate, loss: text },
    );
  }

  /** Trains up to the step before `step`; then the first layer of a network whose output is not finite. */
  async #replay(step: number, network: number): Promise<string | null> {
    while (this.#place.step < step) {
      for await (const batches of this.#batches()) {
        if (this.#place.step === step - 1) return firstBadLayer(this.networks[network], batches[network][0]);
        for (const [i, one] of this.networks.entries()) await one.step(...batches[i]);
        const { step: done, epoch, example } = this.#place;
        this.#place = { step: done + 1, epoch, example: example + batches[0][0].size(0) };
      }
      this.#place = { step: this.#place.step, epoch: this.#place.epoch + 1, example: 0 };
      if (this.isFinished) return null;
    }
    return null;
  }
}

class Diverged {
  readonly step: number;
  readonly network: number;
  readonly loss: number;

  constructor(step: number, network: number, loss: number) {
    this.step = step;
    this.network = network;
    this.loss = loss;
  }
}

/** Path and class of the first layer whose output is not finite; empty if only the loss is. */
async function firstBadLayer({ net }: TrainedNetwork, x: Tensor): Promise<string> {
  const outputs: (readonly [path: string, kind: string, output: Tensor])[] = [];
  const handles = net.namedModules().map(([path, module]) =>
    module.registerForwardHook((_module, _inputs, output) => {
      if (output instanceof Tensor && module.children().length === 0)
        outputs.push([path, module.constructor.name, output.detach()]);
    }),
  );
  // In training mode, as the step was; running statistics are put back.
  const before = Object.fromEntries(
    await Promise.all(
      net.namedBuffers().map(async ([name, buffer]) => {
        const copy = (await buffer.data()).slice() as Float32Array;
        return [name, fromTypedArray(copy, [...buffer.shape], buffer.dtype)] as const;
      }),
    ),
  );
  try {
    net.train()(x);
    for (const [path, kind, output] of outputs) {
      const finite = ((await output.data()) as Float32Array).every(Number.isFinite);
      if (!finite) return `${path} (${kind})`;
    }
    return "";
  } finally {
    for (const handle of handles) handle.remove();
    net.loadStateDict({ ...net.stateDict(), ...before });
  }
}

/** One channel for all steps: one of its own for each leaves its ports to be collected, many times a second. */
const channel: { ports: MessageChannel | null; readonly waiting: (() => void)[] } = {
  ports: null,
  waiting: [],
};

/** Node.js ends a program whose ports are not held, and does not end one whose are. */
type Port = MessagePort & { readonly ref?: () => void; readonly unref?: () => void };

/** Resolves when the messages that have come are taken. */
function messages(): Promise<void> {
  if (channel.ports === null) {
    channel.ports = new MessageChannel();
    channel.ports.port1.onmessage = ({ currentTarget }) => {
      channel.waiting.shift()?.();
      if (channel.waiting.length === 0) (currentTarget as Port | null)?.unref?.();
    };
  }
  const { port1, port2 } = channel.ports;
  return new Promise((resolve) => {
    channel.waiting.push(resolve);
    (port1 as Port).ref?.();
    port2.postMessage(null);
  });
}
