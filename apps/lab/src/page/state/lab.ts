/** What the page shows: the experiment, the trainer's state and what it has told. Views read signals, and call these functions. */
import { batch, computed, signal } from "@preact/signals";
import { type Experiment, FIRST_EXPERIMENT, type Training } from "../../experiment/experiment.ts";
import { createTrainer, type Trainer } from "../../worker/client.ts";
import type {
  CheckpointFacts,
  DataFacts,
  Events,
  ImageInput,
  LiveChanges,
  NetworkFacts,
  Prepared,
  StatisticsPoint,
  StepPoint,
  TestPoint,
  TrainerState,
} from "../../worker/protocol.ts";
import { addPoints, addTest, clearCurves } from "./curves.ts";
import { language } from "./language.ts";
import { dismissProblem, tellError, tellProblem, told } from "./notices.ts";

export const VIEWS = ["data", "network", "train", "trial", "home"] as const;
export type View = (typeof VIEWS)[number];

export const view = signal<View>("data");
export const experiment = signal<Experiment>(FIRST_EXPERIMENT);
/** What was prepared last; null before that, and after a change that needs other data or new networks. */
export const prepared = signal<Prepared | null>(null);
/** What the trainer has of the experiment; null before anything was prepared, and after that failed. */
let given: Experiment | null = null;
export const givenExperiment = (): Experiment | null => given;
export const state = signal<TrainerState>("empty");
export const lastPoint = signal<StepPoint | null>(null);
export const lastTest = signal<TestPoint | null>(null);
export const statistics = signal<StatisticsPoint | null>(null);
export const checkpoints = signal<readonly CheckpointFacts[]>([]);
export const imagesPerSecond = signal(0);
export const progress = signal<Events["progress"] | null>(null);
/** The network whose insides are looked at. */
export const shownNetwork = signal(0);
/** The image whose feature maps are looked at: one of the test images, or that of "Try it". */
export const lookedAt = signal<ImageInput>({ kind: "test", index: 0 });
/** Whether the list of ready-made experiments is open. */
export const readyMadeOpen = signal(false);
/** Counts whenever weights have changed and what is shown of them is old. */
export const weightsVersion = signal(0);

export const playing = computed(() => state.value === "playing");
export const networks = computed(() => experiment.value.networks);
export const dataFacts = computed<DataFacts | null>(() => prepared.value?.data ?? null);

const started: { trainer: Trainer | null } = { trainer: null };

/** The training worker; it starts at the first call. */
export function trainer(): Trainer {
  if (started.trainer === null) {
    started.trainer = createTrainer({ base: new URL("./", document.baseURI).href });
    listen(started.trainer);
  }
  return started.trainer;
}

/** Whether what is told is of a training whose place another one takes: its last steps come after the page forgot it. */
const isReplaced = () => prepared.peek() === null;

function listen(worker: Trainer): void {
  worker.on("state", ({ state: now, step }) => {
    batch(() => {
      const before = state.peek();
      state.value = now;
      if (now !== "playing") imagesPerSecond.value = 0;
      if (before === "playing" && now !== "playing") weightsVersion.value++;
      if (step === 0 && now === "paused") clearCurves();
    });
  });
  worker.on("steps", ({ points, imagesPerSecond: speed }) => {
    if (isReplaced()) return;
    batch(() => {
      addPoints(points);
      lastPoint.value = points[points.length - 1] ?? lastPoint.peek();
      imagesPerSecond.value = speed;
    });
  });
  worker.on("tested", (point) => {
    if (isReplaced()) return;
    batch(() => {
      addTest(point);
      lastTest.value = point;
      weightsVersion.value++;
    });
  });
  worker.on("statistics", (point) => {
    if (isReplaced()) return;
    statistics.value = point;
  });
  worker.on("checkpoints", (list) => {
    checkpoints.value = list;
  });
  worker.on("progress", (at) => {
    progress.value = at.of !== null && at.done >= at.of ? null : at;
  });
  worker.on("problem", (problem) => {
    tellProblem(problem);
    // What was prepared was in the worker that is gone: the next Start prepares it in a new one.
    if (problem.kind !== "worker lost" && problem.kind !== "code never ends") return;
    prepared.value = null;
    underWay = null;
    given = null;
  });
}

/** What a class is called in the reader's language. */
export function className(label: number): string {
  const name = dataFacts.value?.classes[label];
  return name === undefined ? String(label) : name[language.value];
}

let preparation = 0;
let underWay: Promise<boolean> | null = null;

/** Loads the data and makes new networks. What was trained is gone, except in checkpoints that were exported. */
export function prepare(): Promise<boolean> {
  const promise = prepareNow().then((done) => {
    if (!done && underWay === promise) underWay = null;
    return done;
  });
  underWay = promise;
  return promise;
}

/** What is prepared, or was last. */
let wanted: Experiment | null = null;

/** Whether what is shown is being prepared. */
export const isBeingPrepared = (): boolean => underWay !== null && wanted === experiment.peek();

/** Waits for the preparation under way, or begins one: a press of Start meanwhile is not lost. */
async function ready(): Promise<boolean> {
  if (prepared.peek() !== null) return true;
  for (;;) {
    const awaited = underWay ?? prepare();
    if (await awaited) return true;
    // Another one may have taken its place.
    if (underWay === null || underWay === awaited) return false;
  }
}

async function prepareNow(): Promise<boolean> {
  const mine = ++preparation;
  const next = experiment.peek();
  given = null;
  wanted = next;
  batch(() => {
    prepared.value = null;
    lastPoint.value = null;
    lastTest.value = null;
    statistics.value = null;
    checkpoints.value = [];
    clearCurves();
    dismissProblem();
    if (shownNetwork.peek() >= next.networks.length) shownNetwork.value = 0;
  });
  try {
    const result = await trainer().call("prepare", { experiment: next, lang: language.peek() });
    if (mine !== preparation) return false;
    given = next;
    await settle(next.training);
    batch(() => {
      prepared.value = result;
      weightsVersion.value++;
    });
    return true;
  } catch (error) {
    if (mine === preparation) tellError(error);
    return false;
  }
}

/** Sends the settings that were changed while it was prepared. */
async function settle({ seed: _seed, ...before }: Training): Promise<void> {
  const { seed: _other, ...training } = experiment.peek().training;
  if (JSON.stringify(training) !== JSON.stringify(before)) await trainer().call("set", { training });
}

/** How many epochs are added to a training that is finished and is to go on. */
export const MORE_EPOCHS = 10;

export async function play(): Promise<void> {
  if (!(await ready())) return;
  // What it said of the steps before has been read.
  dismissProblem();
  if (state.peek() === "finished") {
    const done = Math.round(lastPoint.peek()?.epoch ?? 0);
    await change({ training: { epochs: done + MORE_EPOCHS } });
  }
  await told(() => trainer().call("play"));
}

export async function pause(): Promise<void> {
  await told(() => trainer().call("pause"));
}

export async function oneStep(): Promise<void> {
  if (!(await ready())) return;
  if (
    await told(() =>
      trainer()
        .call("step", { count: 1 })
        .then(() => true),
    )
  )
    weightsVersion.value++;
}

/** Controls that work while it trains. Resolves to whether they do. */
export async function change(changes: LiveChanges): Promise<boolean> {
  const before = experiment.peek();
  experiment.value = {
    ...before,
    training: { ...before.training, ...changes.training },
    networks: changes.networks ?? before.networks,
  };
  if (prepared.peek() === null) return false;
  const result = await told(() => trainer().call("set", changes));
  if (result === null) return false;
  if (given !== null && changes.networks !== undefined) given = { ...given, networks: changes.networks };
  updateNetworks(result.networks);
  return true;
}

function updateNetworks(facts: readonly NetworkFacts[]): void {
  const before = prepared.peek();
  if (before === null) return;
  batch(() => {
    prepared.value = { ...before, networks: facts };
    weightsVersion.value++;
  });
}

/** Another experiment: other data, other networks. */
export function replaceExperiment(next: Experiment): Promise<boolean> {
  experiment.value = next;
  return prepare();
}

export async function goBackTo(id: number): Promise<void> {
  const facts = await told(() => trainer().call("restore", { id }));
  if (facts !== null) weightsVersion.value++;
}
