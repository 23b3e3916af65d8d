/** What the page and the training worker say to each other. */
import type { Experiment, NetworkSource, Training } from "../experiment/experiment.ts";
import type { Problem } from "./problem.ts";

/** An image that is asked about: of the data, or pixels. */
export type ImageInput =
  | { readonly kind: "train" | "test"; readonly index: number }
  /** RGBA, row by row, as `ImageData` has it. */
  | {
      readonly kind: "pixels";
      readonly width: number;
      readonly height: number;
      readonly data: Uint8ClampedArray;
    }
  /** A file, not decoded yet. */
  | { readonly kind: "file"; readonly blob: Blob };

/** Numbers on a grid, row by row. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** An image to show: 1 or 3 channels, levels 0 to 255, pixel by pixel. */
export interface ShownImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** What the worker computes with. */
export interface EngineFacts {
  /** As the library describes it. */
  readonly engine: string;
  readonly threads: number;
  /** Whether the page is cross-origin isolated, without which there is one thread. */
  readonly isolated: boolean;
}

/** A layer of a prepared network. */
export interface LayerFacts {
  /** Its path in the network: "0", "3.p1_1". */
  readonly path: string;
  /** Its class: "Conv2d". */
  readonly kind: string;
  /** Of its output, without the batch. */
  readonly shape: readonly number[];
  readonly parameters: number;
  /** Whether `filters` shows it. */
  readonly hasFilters: boolean;
}

export interface NetworkFacts {
  readonly layers: readonly LayerFacts[];
  readonly parameters: number;
  /** Multiply-adds for one image. */
  readonly multiplyAdds: number;
}

export interface DataFacts {
  readonly classes: readonly { readonly en: string; readonly zh: string }[];
  readonly trainCount: number;
  readonly testCount: number;
  readonly stepsPerEpoch: number;
  /** How many training images each class has. */
  readonly perClass: readonly number[];
}

export interface Prepared {
  readonly engine: EngineFacts;
  readonly data: DataFacts;
  readonly networks: readonly NetworkFacts[];
}

/** Controls that work while it trains. A network's layers keep their weights as far as their shapes stay. */
export interface LiveChanges {
  readonly training?: Partial<Omit<Training, "seed">>;
  readonly networks?: readonly NetworkSource[];
}

/** One step of one network. */
export interface StepPoint {
  /** Steps done, from 1. */
  readonly step: number;
  /** Epochs done, with the part of the one under way. */
  readonly epoch: number;
  /** Of the batch: one for each network. */
  readonly loss: readonly number[];
  /** Share of the batch that is right, 0 to 1: one for each network. */
  readonly accuracy: readonly number[];
}

/** After an epoch, or when it was asked for. */
export interface TestPoint {
  readonly step: number;
  readonly epoch: number;
  /** One for each network. */
  readonly networks: readonly {
    readonly loss: number;
    readonly accuracy: number;
    /** Rows: true classes; columns: predictions; row by row. */
    readonly confusion: Grid;
  }[];
}

/** How a layer learns, measured on one batch. */
export interface LayerStatistics {
  readonly path: string;
  readonly kind: string;
  /** L2 norm of the gradient of its parameters; null if it has none. */
  readonly gradientNorm: number | null;
  readonly weightNorm: number | null;
  /** Root mean square of the gradient over that of the weights, times the learning rate. */
  readonly updateRatio: number | null;
  /** Units or channels of an activation that gave 0 (ReLU), or a gradient of nearly 0 (others), for a whole batch. */
  readonly deadUnits: number | null;
  /** Of how many. */
  readonly units: number | null;
}

export interface StatisticsPoint {
  readonly step: number;
  readonly networks: readonly { readonly layers: readonly LayerStatistics[] }[];
}

export interface CheckpointFacts {
  readonly id: number;
  readonly step: number;
  readonly epoch: number;
  /** Test accuracy when it was made, if it was tested then: one for each network. */
  readonly accuracy: readonly (number | null)[];
}

/** "preparing": data and networks are loaded; "finished": all epochs are done. */
export type TrainerState = "empty" | "preparing" | "paused" | "playing" | "finished" | "failed";

export interface LayerMaps {
  readonly path: string;
  readonly kind: string;
  readonly shape: readonly number[];
  /** The first feature maps; of a vector one map of one row. */
  readonly maps: readonly Grid[];
}

export interface FilterBank {
  readonly path: string;
  /** [filters, channels, height, width]. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Which value of which feature map; of a vector, row is 0. */
export interface ValuePlace {
  readonly path: string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/** One window of the arithmetic: what lay under the kernel, and the kernel. */
export interface WindowTerm {
  /** Channel of the layer's input. */
  readonly channel: number;
  /** Where the window begins in the input; below 0 in the padding. */
  readonly row: number;
  readonly column: number;
  /** Under the kernel; 0 in the padding. */
  readonly values: Grid;
  /** Null for pooling and activations. */
  readonly weights: Grid | null;
  /** Sum of values times weights; of pooling the maximum or mean. */
  readonly sum: number;
}

/** A value of a feature map and the arithmetic that made it. */
export interface ExplainedValue extends ValuePlace {
  readonly kind: string;
  readonly value: number;
  /** Path of the layer that gave its input; null: the image. */
  readonly inputPath: string | null;
  readonly terms: readonly WindowTerm[];
  /** Added to the terms' sums; null if there is none. */
  readonly bias: number | null;
  /** "0.31 = 0.12 + (-0.05) + 0.24 (bias)": in numbers of three digits, cut if it is long. */
  readonly arithmetic: string;
  /** What the arithmetic gives, computed from the terms: the value to rounding. */
  readonly computed: number;
}

export interface SimilarImage {
  /** Of the training images. */
  readonly index: number;
  readonly label: number;
  /** Cosine similarity of the last hidden layer's values, -1 to 1. */
  readonly similarity: number;
  readonly image: ShownImage;
}

export interface Prediction {
  readonly probabilities: readonly number[];
  readonly index: number;
  /** Of the likeliest class, as large as the network's input; null if the network has no feature maps. */
  readonly gradCam: Grid | null;
  readonly similar: readonly SimilarImage[];
}

export interface PredictAnswer {
  /** The image as the networks see it. */
  readonly seen: readonly ShownImage[];
  /** One for each network. */
  readonly networks: readonly Prediction[];
}

export interface DataImage {
  readonly index: number;
  readonly label: number;
  readonly image: ShownImage;
}

export const EXPORT_FORMATS = ["safetensors", "onnx", "page", "run", "experiment"] as const;
/**
 * "page": one HTML file that classifies images; "run": a zip with a run folder of the command line; "experiment": the
 * experiment's file with weights and, on request, own images.
 */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a file that is opened turned out to be. */
export interface Opened {
  readonly experiment: Experiment;
  /** Whether it brought weights, which the next `prepare` of this experiment takes. */
  readonly hasWeights: boolean;
  /** How many own images it brought. */
  readonly images: number;
  /** A run on photographs: code of its network is the Lab's own, not a person's. */
  readonly isRun?: boolean;
}

/** What can be asked of the worker: the input and the answer of each call. */
export interface Calls {
  /** Starts the engine. */
  start: { input: { readonly base: string; readonly threads: number | null }; output: EngineFacts };
  /** Loads data and makes the networks with new weights; a training under way ends. */
  prepare: { input: { readonly experiment: Experiment; readonly lang: "en" | "zh" }; output: Prepared };
  play: { input: null; output: null };
  pause: { input: null; output: null };
  /** Trains this many steps, then pauses. */
  step: { input: { readonly count: number }; output: null };
  /** Resolves when the next step will be as changed; the networks' facts as they are then. */
  set: { input: LiveChanges; output: { readonly networks: readonly NetworkFacts[] } };
  /** Which measurements are made while it trains, and after how many steps; 0: none. */
  watch: { input: { readonly statisticsEvery: number }; output: null };
  /** Tests the networks as they are now. */
  test: { input: null; output: TestPoint };
  activations: { input: ProbeInput & { readonly most?: number }; output: readonly LayerMaps[] };
  filters: { input: { readonly network: number; readonly path: string | null }; output: FilterBank };
  explain: { input: ProbeInput & { readonly place: ValuePlace }; output: ExplainedValue };
  statistics: { input: null; output: StatisticsPoint };
  predict: {
    input: { readonly image: ImageInput; readonly gradCam: boolean; readonly similar: number };
    output: PredictAnswer;
  };
  /** Images of the data, to choose from. */
  images: {
    input: {
      readonly split: "train" | "test";
      readonly from: number;
      readonly count: number;
      readonly label: number | null;
    };
    output: readonly DataImage[];
  };
  checkpoints: { input: null; output: readonly CheckpointFacts[] };
  /** Makes one now. */
  checkpoint: { input: null; output: CheckpointFacts };
  /** Pauses, and goes back: weights, optimiser, order of images. Training goes on from there. */
  restore: { input: { readonly id: number }; output: CheckpointFacts };
  draw: {
    input: {
      readonly network: NetworkSource;
      readonly shape: readonly number[];
      readonly classes: number;
      readonly lang: "en" | "zh";
      readonly style: "book" | "graph" | "volume";
      /** By default as the reader's system is set. */
      readonly theme?: "light" | "dark";
      /** What the network is called in the drawing. */
      readonly title?: string;
    };
    output: { readonly svg: string };
  };
  export: {
    input: { readonly network: number; readonly format: ExportFormat; readonly withImages?: boolean };
    output: ExportedFile;
  };
  /** A file: an experiment, a run folder as a zip, weights of the networks that are prepared. */
  open: { input: { readonly blob: Blob; readonly name: string }; output: Opened };
  /** Answers at once: whether the worker is alive. */
  ping: { input: null; output: null };
  /** A network that need not be prepared, code above all: its layers, or what is wrong with it. Ended after some seconds. */
  check: {
    input: { readonly network: NetworkSource; readonly shape: readonly number[]; readonly classes: number };
    output: NetworkFacts;
  };
  /** A network of code as Python that names it `net`, without its data and training. Ended after some seconds. */
  python: {
    input: { readonly network: NetworkSource; readonly shape: readonly number[]; readonly classes: number };
    output: { readonly definition: string };
  };
  /** Own images: what is kept on this device. */
  ownClasses: { input: null; output: readonly OwnClass[] };
  addClass: { input: Named; output: null };
  renameClass: { input: { readonly from: string; readonly to: string }; output: null };
  removeClass: { input: Named; output: null };
  /** @see OwnClass.thumbnails for the index. */
  removeImage: { input: Named & { readonly index: number }; output: null };
  addImages: {
    input: Named & { readonly files: readonly { readonly name: string; readonly blob: Blob }[] };
    output: AddedImages;
  };
  /** Ends `addImages`; what was added until then stays. */
  cancelImages: { input: null; output: null };
  addPixels: {
    input: Named & { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };
    output: null;
  };
}

interface Named {
  /** Of the class. */
  readonly name: string;
}

/** A class of own images. */
export interface OwnClass {
  readonly name: string;
  readonly count: number;
  /** The newest images, the newest first. */
  readonly thumbnails: readonly ShownImage[];
}

/** What became of files that were added. */
export interface AddedImages {
  readonly added: number;
  /** The first files that are not images; a problem of each names its file. */
  readonly refused: readonly Problem[];
  /** How many were refused in all. */
  readonly refusedCount: number;
  /** Why it ended before the last file: the storage is full, or it was cancelled. What was added stays. */
  readonly stopped: Problem | "cancelled" | null;
}

/** Calls that the worker of own images answers. */
export const IMAGE_CALLS = [
  "ownClasses",
  "addClass",
  "renameClass",
  "removeClass",
  "removeImage",
  "addImages",
  "cancelImages",
  "addPixels",
] as const satisfies readonly CallName[];
export type ImageCallName = (typeof IMAGE_CALLS)[number];

export interface ProbeInput {
  readonly network: number;
  readonly image: ImageInput;
}

/** What the worker tells by itself. */
export interface Events {
  state: { readonly state: TrainerState; readonly step: number; readonly epoch: number };
  /** The steps since the last message, at most 20 messages a second. */
  steps: { readonly points: readonly StepPoint[]; readonly imagesPerSecond: number };
  tested: TestPoint;
  statistics: StatisticsPoint;
  checkpoints: readonly CheckpointFacts[];
  /** Data being loaded: bytes or images. */
  progress: {
    readonly what: "data" | "images" | "test" | "similar";
    readonly done: number;
    readonly of: number | null;
  };
  problem: Problem;
}

export type CallName = keyof Calls;
export type EventName = keyof Events;

export type ToWorker = {
  [K in CallName]: {
    readonly type: "call";
    readonly id: number;
    readonly name: K;
    readonly input: Calls[K]["input"];
  };
}[CallName];

export type FromWorker =
  | { readonly type: "result"; readonly id: number; readonly output: unknown }
  | { readonly type: "failed"; readonly id: number; readonly problem: Problem }
  | { [K in EventName]: { readonly type: "event"; readonly name: K; readonly event: Events[K] } }[EventName];
