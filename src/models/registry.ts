/** Networks by the names under which the command line knows them. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { Registry } from "../base/registry.ts";
import { shownValue } from "../base/shown_value.ts";
import type * as nn from "../nn/index.ts";
import type { ActivationName } from "./activations.ts";
import { BOOK_ENTRIES } from "./book_entries.ts";
import { TORCHVISION_ENTRIES } from "./torchvision_entries.ts";

/** Editions of the book, whose settings differ: the Chinese one, and the English 1.0. The first is the default. */
export const EDITIONS = ["zh", "en"] as const;
export type Edition = (typeof EDITIONS)[number];

/** What can be chosen about a network; each takes some of these. */
export interface NetworkOptions {
  /** Size of the output; by default that of the network's own data set. */
  readonly numClasses?: number;
  /** The activation after each layer but the last; by default the network's own. */
  readonly activation?: ActivationName;
  /** Probability with which a hidden dense unit is left out; by default the network's own. */
  readonly dropout?: number;
  /** Whether there is batch normalisation before each activation. @default false */
  readonly batchNorm?: boolean;
  /** Divides the channels of a VGG. @default 1 */
  readonly widthDivisor?: number;
  /** Whether torchvision's GoogLeNet has auxiliary heads. @default true */
  readonly auxLogits?: boolean;
}

/** What `create` takes. */
export interface CreateOptions extends NetworkOptions {
  /** As this edition of the book trains the network; by default it is the one that is described. */
  readonly edition?: Edition;
}

/** Settings of the chapter for training a network. */
export interface TrainingPreset {
  /** Examples in a batch. */
  readonly batchSize: number;
  /** Learning rate of plain SGD. */
  readonly lr: number;
  /** Times through the training set. */
  readonly epochs: number;
  /** In what the network that is trained differs from the one that is described. */
  readonly network?: NetworkOptions;
}

/** A network that can be made by name. */
export interface ModelEntry {
  /** As the command line and `create` know it. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Where it is described. */
  readonly source?: string;
  /** Channels, height and width of an input. */
  readonly inputShape: readonly [channels: number, height: number, width: number];
  /** How each edition of the book trains it. */
  readonly presets: Readonly<Record<Edition, TrainingPreset>>;
  /** Which options `make` takes. */
  readonly options: readonly (keyof NetworkOptions)[];
  /** Whether commands train it from the initial values with which it is made, not the chapter's. @default false */
  readonly ownInitialValues?: boolean;
  /** Makes the network. */
  make(options?: NetworkOptions): nn.Module;
}

const MODELS = new Registry<ModelEntry>("model", () => [...BOOK_ENTRIES, ...TORCHVISION_ENTRIES]);

/**
 * Names of all networks.
 *
 * @example
 * ```ts
 * models.names().includes("lenet"); // true
 * ```
 */
export function names(): string[] {
  return MODELS.names();
}

/**
 * Adds a network, which `create` and the commands know by its name from then on.
 *
 * @throws ArgumentError for a name that is taken.
 * @example
 * ```ts
 * const preset = { batchSize: 64, lr: 0.1, epochs: 10 };
 * models.register({
 *   name: "linear",
 *   title: "Linear classifier",
 *   inputShape: [1, 28, 28],
 *   presets: { zh: preset, en: preset },
 *   options: ["numClasses"],
 *   make: ({ numClasses = 10 } = {}) => nn.Sequential(nn.Flatten(), nn.Linear(784, numClasses)),
 * });
 * ```
 */
export function register(entry: ModelEntry): void {
  MODELS.add(entry);
}

/**
 * What is known of a network.
 *
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 * @example
 * ```ts
 * models.entry("lenet").inputShape; // [1, 28, 28]
 * ```
 */
export function entry(name: string): ModelEntry {
  if (MODELS.has(name)) return MODELS.get(name);
  throw new ArgumentError(
    `unknown model "${name}"${didYouMean(name, names())} (expected one of ${names().join(", ")})`,
  );
}

/**
 * A network by its name, with PyTorch's default initialisation; see `initXavier` for the chapter's.
 *
 * `create("vgg11")` is the full VGG-11; with an edition it is the one that this edition trains, which has a quarter
 * of the channels.
 *
 * @param options - `edition`: as this edition of the book trains it; the rest as the network takes it.
 * @throws ArgumentError for an unknown name, or an option that the network does not have.
 * @example
 * ```ts
 * const net = models.create("lenet", { numClasses: 5 });
 * net(x).shape; // [8, 5]
 * ```
 */
export function create(name: string, options: CreateOptions = {}): nn.Module {
  const of = entry(name);
  const { edition, ...own } = options;
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  for (const key of Object.keys(given)) {
    if ((of.options as readonly string[]).includes(key)) continue;
    throw new ArgumentError(
      `${name} has no option \`${key}\`${didYouMean(key, of.options)} (it has ${of.options.join(", ")})`,
    );
  }
  for (const [key, value] of Object.entries(given)) checkOption(name, key as keyof NetworkOptions, value);
  return of.make({ ...(edition === undefined ? {} : of.presets[edition].network), ...given });
}

/** What an option must be, and how messages say so. */
const CHECKS: Partial<Record<keyof NetworkOptions, readonly [(value: unknown) => boolean, string]>> = {
  dropout: [(value) => typeof value === "number" && value >= 0 && value <= 1, "a probability from 0 to 1"],
  batchNorm: [(value) => typeof value === "boolean", "true or false"],
  auxLogits: [(value) => typeof value === "boolean", "true or false"],
  numClasses: [(value) => Number.isSafeInteger(value) && (value as number) >= 1, "an integer of at least 1"],
};

/** What comes from a command line or a file can be of any kind. */
function checkOption(of: string, name: keyof NetworkOptions, value: unknown): void {
  const [fits, expected] = CHECKS[name] ?? [];
  if (fits === undefined || fits(value)) return;
  throw new ArgumentError(`${of}: expected \`${name}\` to be ${expected}, got ${shownValue(value)}`);
}
