import { shownText } from "./shown_value.ts";

/**
 * Every error that Convoyant throws on purpose.
 *
 * A message names what was wrong, what was expected and, if it is not obvious, what to do.
 */
export class ConvoyantError extends Error {
  override name = "ConvoyantError";
  /** What is wrong, without what to do about it. */
  declare readonly problem: string;
  /** The op or the function on tensors that complains; undefined for an error of something else. */
  declare readonly op: string | undefined;
  /** Path of the layer that `op` ran in, such as `net.3`. */
  declare readonly layer: string | undefined;
  /** The text waits for the name of the function that was called. */
  declare readonly nameless: boolean;
  /** For callers that say in words of their own what to do, as the command line does. */
  declare readonly reason: ErrorReason | undefined;
  /** What such words are made of. */
  declare readonly facts: Readonly<Record<string, string | number>>;

  /** @param message - what is wrong; `cure` is added to it. */
  constructor(
    message = "",
    { cure = "", reason, facts = {}, nameless = false, ...options }: ErrorDetails = {},
  ) {
    super(message + cure, options);
    note(this, { problem: message, reason, facts, nameless, op: undefined, layer: undefined });
  }
}

/** The message says it all: what is printed of an error is no longer for what it carries besides. */
function note(error: Error, carried: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(carried))
    Object.defineProperty(error, name, { value, enumerable: false, configurable: true });
}

/** Texts of errors as they were before they were named. */
const unnamedTexts = new WeakMap<ConvoyantError, string>();

/** Whether `nameError` has put a name in front; other texts have the name that they were written with, or none. */
export const isNamed = (error: ConvoyantError): boolean => unnamedTexts.has(error);

/** Notes which op or function complained, in which layer, if that is not known yet. The text stays as it is. */
export function noteOp(error: ConvoyantError, op: string, layer: string): void {
  if (error.op === undefined) note(error, { op, layer: layer === "" ? undefined : layer });
}

/** Puts `op (layer): ` in front of what an error says, in place of a name that it was given before. */
export function nameError(error: ConvoyantError, op: string, layer = ""): void {
  const text = unnamedTexts.get(error) ?? error.message;
  unnamedTexts.set(error, text);
  note(error, { op, layer: layer === "" ? undefined : layer, nameless: false });
  const { message, stack } = error;
  error.message = `${op}${layer === "" ? "" : ` (${layer})`}: ${text}`;
  // Node.js prints the stack of what is not caught, and its first line was written when the error was made.
  if (typeof stack === "string") error.stack = stack.replace(message, () => error.message);
}

/** Errors whose cure depends on how one came there: a call has options, a command has switches. */
export type ErrorReason =
  | "run exists"
  | "run in use"
  | "no weights yet"
  | "data missing"
  | "data folder"
  | "batch too large"
  | "token needed"
  | "token short"
  | "port in use"
  | "port forbidden"
  | "address unknown"
  | "input shape"
  | "output in use"
  | "no test images"
  | "no classifier"
  | "no class folders"
  | "one class listed"
  | "listed image missing";

/** What comes with the message of an error. */
export interface ErrorDetails extends ErrorOptions {
  /** What to do, as who calls the API does it; with the punctuation before it. */
  readonly cure?: string;
  readonly reason?: ErrorReason;
  readonly facts?: Readonly<Record<string, string | number>>;
  /** Whether the function that was called puts its name in front; see `nameError`. */
  readonly nameless?: boolean;
}

/** Shapes that do not fit together. The message names the op, the layer's path and both shapes. */
export class ShapeError extends ConvoyantError {
  override name = "ShapeError";
}

/** A dtype that an op does not take. */
export class DTypeError extends ConvoyantError {
  override name = "DTypeError";
}

/** A call with an unknown, missing or doubled argument, or a value outside its range. */
export class ArgumentError extends ConvoyantError {
  override name = "ArgumentError";
}

/** An index or a class label outside its range. */
export class IndexError extends ConvoyantError {
  override name = "IndexError";
}

/** API calls in an order that cannot work: backward twice, backward without a graph, ... */
export class AutogradError extends ConvoyantError {
  override name = "AutogradError";
}

/** A file that is not what it claims to be, is cut short, or cannot be read or written. */
export class FileError extends ConvoyantError {
  override name = "FileError";
}

/** An engine that does not exist here, cannot start, or runs out of memory. */
export class EngineError extends ConvoyantError {
  override name = "EngineError";
}

/** A buffer or a program that the engine's memory has no room for. The message names the bytes. */
export class OutOfMemoryError extends EngineError {
  override name = "OutOfMemoryError";
}

/** Weights whose names or shapes do not belong to this model. */
export class StateDictError extends ConvoyantError {
  override name = "StateDictError";
}

/** Training that cannot go on: the loss is not a number, a run folder is taken, ... */
export class TrainingError extends ConvoyantError {
  override name = "TrainingError";
}

/** Ranks that cannot work together: MPI is missing or another's, or a rank was lost. The message names the rank. */
export class DistributedError extends ConvoyantError {
  override name = "DistributedError";
}

/** Where a training diverged. */
export interface Divergence {
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** The step, counted from 1 over all epochs: the first whose loss is not finite, or the last before the weights were. */
  readonly step: number;
  /** Mean loss of the epoch so far: NaN or infinite, or finite if the weights became so first. */
  readonly loss: number;
  /** The first weight that holds a NaN or an infinity; null if the loss was seen first. */
  readonly weight: string | null;
}

const NOWHERE: Divergence = { epoch: Number.NaN, step: Number.NaN, loss: Number.NaN, weight: null };

/** Training has diverged: its loss or one of its weights became NaN or infinite. To go on would be of no use. */
export class DivergenceError extends TrainingError implements Divergence {
  override name = "DivergenceError";
  declare readonly epoch: number;
  declare readonly step: number;
  declare readonly loss: number;
  declare readonly weight: string | null;

  constructor(message = "", { epoch, step, loss, weight, ...details }: ErrorDetails & Divergence = NOWHERE) {
    super(message, details);
    note(this, { epoch, step, loss, weight });
  }
}

/** The name among `known` that is nearest to a mistyped one, or undefined if none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // As many changes as there are letters would fit anything.
  let bestDistance = Math.min(Math.max(2, Math.floor(name.length / 3)), name.length - 1) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** "; did you mean `x`?" if a known name is near, else the empty string. */
export function didYouMean(name: unknown, known: Iterable<string>): string {
  if (typeof name !== "string") return "";
  const near = nearestName(name, known) ?? otherName(name, known);
  return near === undefined ? "" : `; did you mean \`${near}\`?`;
}

/** The error about a name that is not among the known ones: which may be meant, and all that there are. */
export function unknownName(
  what: string,
  name: unknown,
  known: readonly string[],
  place = "",
): ArgumentError {
  return new ArgumentError(`${what} \`${shownText(name)}\`${place}${knownNames(name, known)}`);
}

/** What such an error ends with. */
export function knownNames(name: unknown, known: readonly string[]): string {
  return `${didYouMean(name, known)} (there are: ${known.join(", ")})`;
}

/** What other libraries, or other words, call things. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  lr: ["learningrate", "rate", "eta", "stepsize"],
  weightDecay: ["wd", "decay", "l2", "l2penalty"],
  eps: ["epsilon"],
  betas: ["beta", "beta1", "beta2"],
  batchSize: ["bs", "batch"],
  epochs: ["numepochs", "maxepochs", "nepochs", "nbepochs"],
  loss: ["criterion", "lossfn", "lossfunction", "objective"],
  trainLoader: ["loader", "dataloader", "traindata", "trainingdata", "dataset"],
  testLoader: ["valloader", "validationloader", "validationdata", "validloader", "evalloader"],
  out: ["dir", "outdir", "folder", "path", "logdir"],
  scheduler: ["lrscheduler", "schedule"],
  clipGradNorm: ["maxnorm", "maxgradnorm", "gradclip", "clip", "clipnorm"],
  microBatch: ["accumulate", "gradientaccumulation", "accumulation"],
  numWorkers: ["workers", "nworkers"],
  classNames: ["labels", "classes", "labelnames"],
  signal: ["abortsignal"],
};

/** The one of the known names that `name` is another word for. */
function otherName(name: string, known: Iterable<string>): string | undefined {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return [...known].find((one) => Object.hasOwn(OTHER_NAMES, one) && OTHER_NAMES[one].includes(plain));
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
