/** Networks by the names under which the command line knows them. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import type * as nn from "../nn/index.ts";
import { bnLenet, lenet } from "./lenet.ts";

/** Editions of the book, whose settings differ: the Chinese one, and the English 1.0. */
export type Edition = "zh" | "en";

/** Settings of the chapter for training a network. */
export interface TrainingPreset {
  readonly batchSize: number;
  readonly lr: number;
  readonly epochs: number;
}

/** A network that can be made by name. */
export interface ModelEntry {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Channels, height and width of an input. */
  readonly inputShape: readonly [channels: number, height: number, width: number];
  readonly presets: Readonly<Record<Edition, TrainingPreset>>;
  make(numClasses?: number): nn.Module;
}

const ENTRIES: readonly ModelEntry[] = [
  {
    name: "lenet",
    title: "LeNet",
    inputShape: [1, 28, 28],
    presets: { zh: { batchSize: 256, lr: 0.9, epochs: 10 }, en: { batchSize: 128, lr: 0.1, epochs: 10 } },
    make: lenet,
  },
  {
    name: "bn-lenet",
    title: "BN-LeNet",
    inputShape: [1, 28, 28],
    presets: { zh: { batchSize: 256, lr: 1, epochs: 10 }, en: { batchSize: 128, lr: 0.1, epochs: 10 } },
    make: bnLenet,
  },
];

/** Names of all networks. */
export function names(): string[] {
  return ENTRIES.map(({ name }) => name);
}

/**
 * What is known of a network.
 *
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 */
export function entry(name: string): ModelEntry {
  const found = ENTRIES.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new ArgumentError(`unknown model "${name}"${didYouMean(name, names())} (expected one of ${names().join(", ")})`);
}

/**
 * A network by its name, with PyTorch's default first values; see `initXavier` for the chapter's.
 *
 * @param options - `numClasses`: size of the output (default 10).
 */
export function create(name: string, options: { numClasses?: number } = {}): nn.Module {
  return entry(name).make(options.numClasses);
}
