/** Networks by the names under which the command line knows them. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import type * as nn from "../nn/index.ts";
import { initXavier } from "./init_xavier.ts";
import { bnLenet, lenet } from "./lenet.ts";

/** Editions of the book, whose settings differ: the Chinese one, and the English 1.0. */
export type Edition = "zh" | "en";

/** How the book trains a network. */
export interface ModelPreset {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Height and width of an input. */
  readonly inputSize: number;
  /** Channels of an input. */
  readonly channels: number;
  /** What pictures of 28x28 are resized to; null where they are taken as they are. */
  readonly resize: number | null;
  readonly batchSize: number;
  readonly lr: number;
  readonly epochs: number;
}

interface Entry {
  readonly title: string;
  readonly inputSize: number;
  readonly editions: Readonly<Record<Edition, { readonly batchSize: number; readonly lr: number }>>;
  make(numClasses?: number): nn.Module;
}

const ENTRIES: Readonly<Record<string, Entry>> = {
  lenet: {
    title: "LeNet",
    inputSize: 28,
    editions: { zh: { batchSize: 256, lr: 0.9 }, en: { batchSize: 128, lr: 0.1 } },
    make: lenet,
  },
  "bn-lenet": {
    title: "BN-LeNet",
    inputSize: 28,
    editions: { zh: { batchSize: 256, lr: 1 }, en: { batchSize: 128, lr: 0.1 } },
    make: bnLenet,
  },
};

/** Names of all networks. */
export function names(): string[] {
  return Object.keys(ENTRIES);
}

function entry(name: string): Entry {
  if (Object.hasOwn(ENTRIES, name)) return ENTRIES[name];
  throw new ArgumentError(`unknown model "${name}"${didYouMean(name, names())} (expected one of ${names().join(", ")})`);
}

/**
 * How the book trains a network.
 *
 * @param edition - `"zh"` (the default) or `"en"`.
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 */
export function preset(name: string, edition: Edition = "zh"): ModelPreset {
  const { title, inputSize, editions } = entry(name);
  if (!Object.hasOwn(editions, edition)) throw new ArgumentError(`unknown edition "${String(edition)}" (expected zh, en)`);
  const resize = inputSize === 28 ? null : inputSize;
  return { name, title, inputSize, channels: 1, resize, epochs: 10, ...editions[edition] };
}

/**
 * A network by its name, with the chapter's first values (see `initXavier`): as the book trains it.
 *
 * @param options - `numClasses`: size of the output (default 10).
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 */
export function create(name: string, options: { numClasses?: number } = {}): nn.Module {
  return initXavier(entry(name).make(options.numClasses));
}
