/**
 * What may differ when a training is resumed, and what follows: the one table, for `fit` and the command line.
 *
 * Besides these, the shapes of the weights (so the number of classes) and the optimizer's parameter groups are compared
 * when they are loaded, and `epochs` with the epochs that are done.
 */
import { TrainingError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { VERSION } from "../../base/version.ts";
import { engineBinary } from "../../runtime/runtime.ts";
import type { FitOptions, Loader } from "./fit_options.ts";
import type { Precision } from "./precision.ts";

/**
 * - `note`: it goes on, and says so.
 * - `keep`: it goes on with what the checkpoint holds, and says that what was given is not used.
 * - `within epoch`: refused within an epoch, if examples would be repeated or left out; noted between epochs.
 * - `refuse`: it does not go on.
 */
export type Consequence = "note" | "keep" | "within epoch" | "refuse";

interface Rule {
  readonly consequence: Consequence;
  /** Its name in messages. */
  readonly name: string;
  /** What to do, for what is refused. */
  readonly cure?: string;
}

const SAME_DATA = "give the loader that the run was made with, or let it finish its epoch there";

/** All settings that are compared. What stands here for none of them (points, callbacks, `out`) changes nothing that is computed. */
export const RESUME_RULES = {
  engine: { consequence: "note", name: "engine" },
  version: { consequence: "note", name: "Convoyant's version" },
  precision: { consequence: "note", name: "precision" },
  batchSize: { consequence: "note", name: "batch size" },
  mix: { consequence: "note", name: "loader's `mix`" },
  microBatch: { consequence: "note", name: "`microBatch`" },
  clipGradNorm: { consequence: "note", name: "`clipGradNorm`" },
  loss: { consequence: "note", name: "`loss`" },
  monitor: { consequence: "note", name: "`monitor`" },
  earlyStopping: { consequence: "note", name: "`earlyStopping`" },
  optimizer: {
    consequence: "refuse",
    name: "optimizer",
    cure: "give the same kind, or start a new run from the weights",
  },
  optimizerSettings: { consequence: "keep", name: "optimizer's" },
  scheduler: { consequence: "refuse", name: "scheduler", cure: "give the same kind, or start a new run" },
  schedulerStep: { consequence: "refuse", name: "`schedulerStep`", cure: "leave it as it was" },
  schedulerSettings: { consequence: "keep", name: "scheduler's" },
  examples: { consequence: "within epoch", name: "number of training examples", cure: SAME_DATA },
  shuffle: { consequence: "within epoch", name: "loader's `shuffle`", cure: SAME_DATA },
  seed: { consequence: "within epoch", name: "loader's `seed`", cure: SAME_DATA },
  batches: { consequence: "within epoch", name: "number of batches in an epoch", cure: SAME_DATA },
  metrics: {
    consequence: "within epoch",
    name: "`metrics`",
    cure: "count the same ones to the end of the epoch",
  },
} as const satisfies Readonly<Record<string, Rule>>;

type Setting = keyof typeof RESUME_RULES;

/** What a checkpoint keeps of the settings: plain data, one entry for each rule. */
export type RunSettings = Readonly<Partial<Record<Setting, unknown>>>;

/** The settings of a training as the table names them; `monitor` is known when the first epoch has been tested. */
export function settingsOf(options: FitOptions, loader: Loader, precision: Precision): RunSettings {
  const { optimizer, scheduler, earlyStopping, loss, metrics = {} } = options;
  const { shuffle = false, seed = null, mixes = [] } = loader;
  const examples = loader.examples ?? null;
  const { patience = 3, minDelta = 0 } = earlyStopping ?? {};
  return {
    engine: engineBinary(),
    version: VERSION,
    precision,
    batchSize: examples === null ? null : (loader.batchSize ?? null),
    mix: mixes.map(({ kind, alpha, p }) => `${kind}(alpha=${alpha}, p=${p})`).join(" or ") || null,
    microBatch: options.microBatch ?? "auto",
    clipGradNorm: options.clipGradNorm ?? null,
    loss: loss === undefined ? "cross-entropy" : `a function (${textKey(String(loss))})`,
    monitor: null,
    earlyStopping: earlyStopping ? { patience, minDelta } : null,
    optimizer: optimizer.constructor.name,
    optimizerSettings: plain((optimizer as { defaults?: object }).defaults ?? {}),
    scheduler: scheduler?.constructor.name ?? null,
    schedulerStep: scheduler ? (options.schedulerStep ?? "epoch") : null,
    schedulerSettings: plain(withoutPosition(scheduler?.stateDict())),
    examples,
    shuffle,
    seed,
    // The number of examples is more precise, and does not change with the size of the batches.
    batches: examples === null ? loader.length : null,
    metrics: Object.keys(metrics).sort(),
  };
}

/** Of a scheduler's state what says where it is; the rest is what it was made with. */
const POSITION = [
  "last_epoch",
  "last_lr",
  "base_lrs",
  "best",
  "num_bad_epochs",
  "cooldown_counter",
  "t_cur",
  "t_i",
];

function withoutPosition(state: unknown): object {
  const entries = Object.entries(typeof state === "object" && state !== null ? state : {});
  return Object.fromEntries(entries.filter(([name]) => name !== "schedulers" && !POSITION.includes(name)));
}

/** Numbers, words and lists of them: what can be compared after it was written down. */
function plain(settings: object): object {
  const isPlain = (value: unknown): boolean =>
    value === null ||
    ["number", "string", "boolean"].includes(typeof value) ||
    (Array.isArray(value) && value.every(isPlain));
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => isPlain(value)));
}

/** A short name of a text. */
function textKey(text: string): string {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return (hash >>> 0).toString(16);
}

/** Where a training stands when it is resumed. */
export interface Standing {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done in the epoch under way. */
  readonly batch: number;
  /** Examples of it that are done; when that is not known, `batch` says whether it has begun. */
  readonly example?: number | null;
}

/**
 * Compares the settings of a checkpoint with those of now.
 *
 * @returns what is to be said, in sentences.
 * @throws TrainingError that names every setting with which the run cannot go on.
 */
export function compareSettings(before: RunSettings, now: RunSettings, standing: Standing): string[] {
  const refused: string[] = [];
  const changed: string[] = [];
  const kept: string[] = [];
  for (const [setting, rule] of Object.entries(RESUME_RULES) as [Setting, Rule][]) {
    // A checkpoint from before a setting existed does not have it.
    if (!(setting in before) || same(before[setting], now[setting])) continue;
    // No epoch has been judged yet.
    if (setting === "monitor" && before.monitor === null) continue;
    if (rule.consequence === "keep") {
      kept.push(...differences(rule.name, before[setting], now[setting]));
      continue;
    }
    const { consequence, name, cure } = rule;
    const refuses = consequence === "refuse" || (consequence === "within epoch" && isWithin(standing));
    if (refuses)
      refused.push(`the ${name} is ${shown(now[setting])}, before it was ${shown(before[setting])}: ${cure}`);
    else changed.push(`the ${name} ${shown(now[setting])}, before it was ${shown(before[setting])}`);
  }
  if (refused.length > 0)
    throw new TrainingError(`the run cannot be resumed with these settings: ${refused.join("; ")}`);
  return [...changedText(changed), ...keptText(kept)];
}

/** @throws TrainingError when fewer epochs are asked for than are done. */
export function requireEpochs(epochs: number, standing: Standing): void {
  const { epoch, batch } = standing;
  const begun = isWithin(standing) ? epoch + 1 : epoch;
  if (epochs >= begun) return;
  const done = `${epoch} ${epoch === 1 ? "epoch" : "epochs"}${batch > 0 ? ` and ${batch} ${batch === 1 ? "step" : "steps"} of the next` : ""}`;
  throw new TrainingError(
    `the run cannot be resumed with these settings: it has trained ${done}, and \`epochs\` is ${epochs}; ask for at least ${begun}`,
  );
}

function isWithin({ batch, example }: Standing): boolean {
  return (example ?? batch) > 0;
}

function changedText(changed: readonly string[]): string[] {
  if (changed.length === 0) return [];
  return [
    `The run goes on with ${changed.join(", and ")}: the same weights, each example once an epoch, ` +
      "but metrics will no longer be those of an undisturbed run to the last bit.",
  ];
}

function keptText(kept: readonly string[]): string[] {
  if (kept.length === 0) return [];
  return [
    `The run keeps the ${kept.join(", and the ")}: set it on the optimizer's groups, or start a new run, for another one.`,
  ];
}

/** What differs between two objects of settings. */
function differences(whose: string, before: unknown, now: unknown): string[] {
  const [was, is] = [before, now] as Readonly<Record<string, unknown>>[];
  return Object.keys(is)
    .filter((name) => name in was && !same(was[name], is[name]))
    .map((name) => `${whose} ${name} ${shown(was[name])} (${shown(is[name])} was given)`);
}

/** Equal as they are written down. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value) && value.length === 0) return "none";
  if (typeof value !== "object" || Array.isArray(value)) return shownValue(value);
  return Object.entries(value)
    .map(([name, one]) => `${name} ${shown(one)}`)
    .join(", ");
}
