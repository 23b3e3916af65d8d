/** One experiment in the worker: its data, its networks, what is asked of them. */
import { engineInfo, type nn, type Tensor, useEngine } from "convoyant";
import { countsOf, type LabData } from "../data/lab_data.ts";
import type { DataSource, Experiment, NetworkSource, Training } from "../experiment/experiment.ts";
import { inputShapeOf } from "../experiment/experiment.ts";
import { type Checkpoint, factsOf } from "./checkpoints.ts";
import { EpochSums } from "./epoch_sums.ts";
import { explainValue } from "./explain.ts";
import { networkInput, shownImage } from "./input_image.ts";
import { networkFacts } from "./network_facts.ts";
import { carryWeights, makeNetwork, type RunCode } from "./networks.ts";
import { activationsOf, filtersOf, predictWith, SimilarImages } from "./probes.ts";
import { LabError, problemOf } from "./problem.ts";
import type {
  Calls,
  DataFacts,
  EngineFacts,
  EventName,
  Events,
  NetworkFacts,
  StatisticsPoint,
} from "./protocol.ts";
import { statisticsOf } from "./statistics.ts";
import { StepMessages } from "./step_messages.ts";
import { TrainedNetwork } from "./trained_network.ts";
import { type LoopListener, TrainingLoop } from "./training_loop.ts";

/** What differs between a page and the tests. */
export interface Surroundings {
  /** @throws LabError "data missing" or "one class". */
  readonly loadData: (
    source: DataSource,
    size: number,
    progress: (done: number, of: number | null) => void,
  ) => Promise<LabData>;
  readonly runCode: RunCode;
  /** Bytes that the engine may take; by default all that there are. */
  readonly memoryLimit?: number;
  /** Address of the page's folder. */
  readonly base: () => string;
  readonly tell: <K extends EventName>(name: K, event: Events[K]) => void;
}

type Input<K extends keyof Calls> = Calls[K]["input"];
type Output<K extends keyof Calls> = Promise<Calls[K]["output"]>;

/** What is there once an experiment is prepared. */
export interface PreparedLab {
  readonly experiment: Experiment;
  readonly data: LabData;
  readonly loop: TrainingLoop;
  /** The epochs, as a run's metrics.jsonl has them. */
  readonly points: EpochPoint[];
  /** As `Date` writes it for other programs. */
  readonly startedAt: string;
}

/** An epoch of each network. */
export interface EpochPoint {
  readonly networks: readonly Readonly<Record<string, number>>[];
}

export class LabSession {
  readonly #surroundings: Surroundings;
  readonly #messages: StepMessages;
  #engine: Promise<EngineFacts> | null = null;
  #lab: PreparedLab | null = null;
  #dataKey = "";
  #data: LabData | null = null;
  #similar: SimilarImages[] = [];
  readonly #sums = new EpochSums();
  #statisticsEvery = 0;
  /** Calls that change the networks come one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Weights of a file that was opened, for the experiment that comes with it. */
  openedWeights: { readonly key: string; readonly networks: readonly Uint8Array<ArrayBuffer>[] } | null =
    null;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#messages = new StepMessages((event) => surroundings.tell("steps", event));
  }

  get base(): string {
    return this.#surroundings.base();
  }

  /** What was computed with the weights before is not true any more. */
  weightsChanged(): void {
    for (const similar of this.#similar) similar.forget();
    this.lab.loop.checkpoints.clear();
    this.#surroundings.tell("checkpoints", []);
  }

  get runCode(): RunCode {
    return this.#surroundings.runCode;
  }

  /** @throws LabError if nothing has been prepared. */
  get lab(): PreparedLab {
    if (this.#lab === null) throw new LabError("failed", "no experiment has been prepared");
    return this.#lab;
  }

  start({ threads }: { readonly threads: number | null }): Promise<EngineFacts> {
    this.#engine ??= startEngine(threads, this.#surroundings.memoryLimit).catch((error) => {
      this.#engine = null;
      throw error;
    });
    return this.#engine;
  }

  prepare({ experiment }: Input<"prepare">): Output<"prepare"> {
    return this.#alone(async () => {
      await this.#lab?.loop.pause();
      this.#tellState("preparing");
      try {
        return await this.#prepare(experiment);
      } catch (error) {
        this.#lab = null;
        this.#tellState("failed");
        throw error;
      }
    });
  }

  async #prepare(experiment: Experiment) {
    const [engine, data] = await Promise.all([this.start({ threads: null }), this.#load(experiment)]);
    const { training } = experiment;
    const networks: TrainedNetwork[] = [];
    for (const [i, source] of experiment.networks.entries())
      networks.push(await this.#make(experiment, source, i));
    await this.#loadOpened(experiment, networks);
    const sizes = experiment.networks.map((source) => inputShapeOf(experiment, source)[1]);
    const loop = new TrainingLoop(networks, sizes, data, training, this.#listener());
    this.#lab = { experiment, data, loop, points: [], startedAt: new Date().toISOString() };
    this.#sums.clear();
    this.#similar = networks.map(() => new SimilarImages());
    const facts = await this.#facts();
    this.#tellState("paused");
    this.#surroundings.tell("checkpoints", []);
    return { engine, data: dataFacts(data, training), networks: facts };
  }

  #make(experiment: Experiment, source: NetworkSource, network: number): Promise<TrainedNetwork> {
    return TrainedNetwork.make(
      () => withNetwork(network, () => makeNetwork(experiment, source, this.#surroundings.runCode)),
      experiment.training,
    );
  }

  async #load(experiment: Experiment): Promise<LabData> {
    const { data, networks } = experiment;
    const size = Math.max(...networks.map((network) => inputShapeOf(experiment, network)[1]));
    const key = JSON.stringify(data);
    // Own images can have become others.
    if (this.#data !== null && key === this.#dataKey && data.kind === "fashion-mnist") return this.#data;
    this.#data = null;
    this.#data = await this.#surroundings.loadData(data, size, (done, of) =>
      this.#surroundings.tell("progress", { what: "data", done, of }),
    );
    this.#dataKey = key;
    return this.#data;
  }

  async #loadOpened(experiment: Experiment, networks: readonly TrainedNetwork[]): Promise<void> {
    const opened = this.openedWeights;
    this.openedWeights = null;
    if (opened === null || opened.key !== JSON.stringify(experiment.networks)) return;
    const { loadInOrder } = await import("./stored_weights.ts");
    for (const [i, bytes] of opened.networks.entries()) await loadInOrder(networks[i].net, bytes);
  }

  async #facts(): Promise<NetworkFacts[]> {
    const { experiment, loop } = this.lab;
    return Promise.all(
      loop.networks.map(({ net }, i) => {
        const shape = inputShapeOf(experiment, experiment.networks[i]);
        return withNetwork(i, async () => networkFacts(net, shape));
      }),
    );
  }

  async play(): Promise<null> {
    await this.#queue;
    const { loop } = this.lab;
    if (loop.isFinished)
      throw new LabError("failed", "all epochs are done: raise the number of epochs to go on");
    loop.play();
    this.#tellState("playing");
    return null;
  }

  pause(): Output<"pause"> {
    return this.#alone(async () => {
      const wasRunning = await this.lab.loop.pause();
      this.#messages.flush();
      if (wasRunning && !this.lab.loop.isFinished) this.#tellState("paused");
      return null;
    });
  }

  /** Resolves when the steps are done. */
  step({ count }: Input<"step">): Output<"step"> {
    return this.#alone(async () => {
      const { loop } = this.lab;
      await loop.pause();
      if (loop.isFinished)
        throw new LabError("failed", "all epochs are done: raise the number of epochs to go on");
      await loop.playSteps(count);
      this.#messages.flush();
      if (!loop.isFinished && !loop.hasFailed) this.#tellState("paused");
      return null;
    });
  }

  set({ training, networks }: Input<"set">): Output<"set"> {
    return this.#between(async () => {
      const { experiment, loop } = this.lab;
      const changed: Experiment = {
        ...experiment,
        training: { ...experiment.training, ...training },
        networks: networks ?? experiment.networks,
      };
      if (changed.networks.length !== experiment.networks.length)
        throw new LabError("failed", "another number of networks needs to be prepared");
      const made: (nn.Module | null)[] = [];
      for (const [i, source] of changed.networks.entries())
        made.push(await this.#changed(changed, source, i));
      loop.change(changed.training);
      made.forEach((net, i) => {
        if (net === null) return;
        carryWeights(loop.networks[i].net, net);
        loop.networks[i].replace(net, changed.training);
        // Those before are of other layers.
        loop.checkpoints.clear();
      });
      this.#lab = { ...this.lab, experiment: changed };
      if (made.some((net) => net !== null)) {
        for (const similar of this.#similar) similar.forget();
        await loop.checkpoint();
        this.#surroundings.tell("checkpoints", loop.checkpoints.facts);
      }
      return { networks: await this.#facts() };
    });
  }

  /** The network that takes the place of number `i`; null if it stays. */
  async #changed(changed: Experiment, source: NetworkSource, i: number): Promise<nn.Module | null> {
    const { experiment } = this.lab;
    if (JSON.stringify(source) === JSON.stringify(experiment.networks[i])) return null;
    const [[, size], [, before]] = [
      inputShapeOf(changed, source),
      inputShapeOf(experiment, experiment.networks[i]),
    ];
    if (size !== before) throw new LabError("failed", "images of another size need to be prepared");
    return withNetwork(i, () => makeNetwork(changed, source, this.#surroundings.runCode));
  }

  async watch({ statisticsEvery }: Input<"watch">): Output<"watch"> {
    this.#statisticsEvery = statisticsEvery;
    return null;
  }

  test(): Output<"test"> {
    return this.#between(async () => {
      const point = await this.lab.loop.test();
      this.#surroundings.tell("tested", point);
      return point;
    });
  }

  statistics(): Output<"statistics"> {
    return this.#between(() => {
      const { loop } = this.lab;
      return loop.tryStep((inputs) => this.#measure(loop.place.step, inputs));
    });
  }

  async activations({ network, image, most = 64 }: Input<"activations">): Output<"activations"> {
    return activationsOf(this.#net(network), await this.#input(network, image), most);
  }

  async filters({ network, path }: Input<"filters">): Output<"filters"> {
    return filtersOf(this.#net(network), path);
  }

  async explain({ network, image, place }: Input<"explain">): Output<"explain"> {
    return explainValue(this.#net(network), await this.#input(network, image), place);
  }

  async predict({ image, gradCam, similar }: Input<"predict">): Output<"predict"> {
    const { loop, data } = this.lab;
    const answers = [];
    for (const [i, { net }] of loop.networks.entries())
      answers.push(
        await predictWith(net, image, {
          ...{ data, gradCam, similar, size: this.#sizeOf(i), step: loop.place.step },
          similarImages: this.#similar[i],
        }),
      );
    return { seen: answers.map(({ seen }) => seen), networks: answers.map(({ prediction }) => prediction) };
  }

  async images({ split, from, count, label }: Input<"images">): Output<"images"> {
    const { data } = this.lab;
    const { labels } = data[split];
    const indices: number[] = [];
    for (let i = from; i < labels.length && indices.length < count; i++)
      if (label === null || labels[i] === label) indices.push(i);
    return indices.map((index) => ({ index, label: labels[index], image: shownImage(data, split, index) }));
  }

  async checkpoints(): Output<"checkpoints"> {
    return this.lab.loop.checkpoints.facts;
  }

  checkpoint(): Output<"checkpoint"> {
    return this.#between(async () => {
      const made = await this.lab.loop.checkpoint();
      this.#surroundings.tell("checkpoints", this.lab.loop.checkpoints.facts);
      return factsOf(made);
    });
  }

  restore({ id }: Input<"restore">): Output<"restore"> {
    return this.#alone(async () => {
      const { loop } = this.lab;
      const found: Checkpoint | undefined = loop.checkpoints.find(id);
      if (found === undefined) throw new LabError("failed", `checkpoint ${id} is no longer there`);
      await loop.pause();
      this.#messages.flush();
      // What was trained up to now can be gone back to, too.
      await loop.checkpoint();
      loop.restore(found);
      for (const similar of this.#similar) similar.forget();
      this.#tellState("paused");
      this.#surroundings.tell("checkpoints", loop.checkpoints.facts);
      return factsOf(found);
    });
  }

  /** Pauses what is playing for as long as `work` takes. */
  #between<T>(work: () => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      const { loop } = this.lab;
      const wasRunning = await loop.pause();
      try {
        return await work();
      } finally {
        if (wasRunning && !loop.isFinished && !loop.hasFailed) loop.play();
      }
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work);
    this.#queue = done.catch(() => {});
    return done;
  }

  #net(network: number): nn.Module {
    const found = this.lab.loop.networks[network];
    if (found === undefined) throw new LabError("failed", `there is no network ${network}`);
    return found.net;
  }

  #sizeOf(network: number): number {
    const { experiment } = this.lab;
    return inputShapeOf(experiment, experiment.networks[network])[1];
  }

  #input(network: number, image: Input<"predict">["image"]): Promise<Tensor> {
    this.#net(network);
    return networkInput(image, this.lab.data, this.#sizeOf(network));
  }

  async #measure(step: number, inputs: readonly Tensor[]): Promise<StatisticsPoint> {
    const networks: StatisticsPoint["networks"][number][] = [];
    for (const [i, network] of this.lab.loop.networks.entries())
      networks.push({ layers: await statisticsOf(network, inputs[i]) });
    return { step, networks };
  }

  #tellState(state: Events["state"]["state"]): void {
    const loop = this.#lab?.loop;
    this.#surroundings.tell("state", { state, step: loop?.place.step ?? 0, epoch: loop?.epochs ?? 0 });
  }

  #listener(): LoopListener {
    const { tell } = this.#surroundings;
    return {
      step: (point, images) => {
        this.#messages.add(point, images);
        this.#sums.add(point, images);
      },
      measures: (step) => this.#statisticsEvery > 0 && step % this.#statisticsEvery === 0,
      measured: async (step, inputs) => tell("statistics", await this.#measure(step, inputs)),
      tested: (point) => {
        this.lab.points.push(this.#sums.end(point));
        tell("tested", point);
      },
      checkpoints: () => tell("checkpoints", this.lab.loop.checkpoints.facts),
      progress: (done, of) => tell("progress", { what: "test", done, of }),
      ended: (why) => {
        this.#messages.flush();
        if (why === "finished") {
          this.#tellState("finished");
          return;
        }
        tell("problem", problemOf(why));
        this.#tellState(why.kind === "failed" ? "failed" : "paused");
      },
    };
  }
}

/** Says of a problem which network has it. */
async function withNetwork<T>(network: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { kind, message, facts } = problemOf(error);
    throw new LabError(kind, message, { ...facts, network }, { cause: error });
  }
}

async function startEngine(threads: number | null, memoryLimit?: number): Promise<EngineFacts> {
  try {
    await useEngine("wasm", {
      portable: true,
      ...(threads !== null && { threads }),
      ...(memoryLimit !== undefined && { memoryLimit }),
    });
  } catch (error) {
    const { message } = error as Error;
    if (/WebAssembly|simd/i.test(message))
      throw new LabError("no simd", `this browser cannot run the Lab: ${message}`, {}, { cause: error });
    throw error;
  }
  const engine = engineInfo();
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  return { engine, threads: Number(/(\d+) thread/.exec(engine)?.[1] ?? 1), isolated };
}

function dataFacts(data: LabData, { batchSize }: Training): DataFacts {
  const { classes, train, test } = data;
  return {
    classes,
    trainCount: train.count,
    testCount: test.count,
    stepsPerEpoch: Math.ceil(train.count / batchSize),
    perClass: countsOf(data),
  };
}
