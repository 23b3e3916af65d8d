/** Networks by the names under which the command line knows them. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { Registry } from "../base/registry.ts";
import { shownValue } from "../base/shown_value.ts";
import type * as nn from "../nn/index.ts";
import { keepInputShape } from "../records/input_shape.ts";
import { architectureOf, keepArchitecture } from "../records/network_architecture.ts";
import { BOOK_ENTRIES } from "./book_entries.ts";
import { checkOption, type NetworkOptions } from "./network_options.ts";
import { RESNET9_ENTRY } from "./resnet9_entry.ts";
import { SEQUENTIAL_ENTRY } from "./sequential_entry.ts";
import { TORCHVISION_ENTRIES } from "./torchvision_entries.ts";

/** Editions of the book, whose settings differ: the Chinese one, and the English 1.0. The first is the default. */
export const EDITIONS = ["zh", "en"] as const;
export type Edition = (typeof EDITIONS)[number];

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

const MODELS = new Registry<ModelEntry>("model", () => [
  ...BOOK_ENTRIES,
  RESNET9_ENTRY,
  ...TORCHVISION_ENTRIES,
]);

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

/** Whether `entry` and `create` know a name; `names` leaves out the one that needs layers. @internal */
export function isKnown(name: string): boolean {
  return MODELS.has(name) || name === SEQUENTIAL_ENTRY.name;
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
  // Known, and not listed: which network it is, its layers decide.
  if (name === SEQUENTIAL_ENTRY.name) return SEQUENTIAL_ENTRY;
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
  if (edition !== undefined && !EDITIONS.includes(edition))
    throw new ArgumentError(
      `${name}: expected \`edition\` to be one of ${EDITIONS.join(", ")}, got ${shownValue(edition)}`,
    );
  const settings = { ...(edition === undefined ? {} : of.presets[edition].network), ...given };
  const net = keepInputShape(of.make(settings), of.inputShape);
  // What the network's own function noted says more: also what is as it is by default.
  return architectureOf(net)?.name === name ? net : keepArchitecture(net, { name, options: settings });
}
