/** Settings of a training in words: how they differ from the chapter's, and the command that repeats them. */
import { schedulerText } from "./settings/scheduler_text.ts";
import { optionTexts } from "./settings/setting.ts";
import { TRAINING_SETTINGS } from "./settings/training_settings.ts";
import { shellWord } from "./shell_text.ts";
import { configure, type TrainingConfig } from "./training_config.ts";

/**
 * In what a run differs from the chapter's, in words; empty when it is the chapter's.
 *
 * @example
 * ```ts
 * import { configure, differencesFromTheBook } from "convoyant/experiments";
 * differencesFromTheBook(configure("lenet", { lr: 0.5 })).length; // 1
 * ```
 */
export function differencesFromTheBook(config: TrainingConfig): string[] {
  const book = configure(config.model, { data: config.data });
  const out: string[] = [];
  const compare = (name: string, a: unknown, b: unknown) => {
    if (a !== b) out.push(`${name} ${String(a)} instead of ${String(b)}`);
  };
  compare("data set", config.data, "fashion-mnist");
  compare("batch size", config.batchSize, book.batchSize);
  compare("optimizer", config.optimizer, book.optimizer);
  compare("learning rate", config.lr, book.lr);
  compare("momentum", config.momentum, book.momentum);
  compare("weight decay", config.weightDecay, book.weightDecay);
  compare("resize", config.resize ?? "none", book.resize ?? "none");
  if (config.scheduler !== null) out.push(`scheduler ${schedulerText(config.scheduler)}`);
  if (config.labelSmoothing !== 0) out.push(`label smoothing ${config.labelSmoothing}`);
  if (config.patience !== null) out.push(`early stopping after ${config.patience} epochs`);
  if (config.valSplit !== 0) out.push(`${config.valSplit} of the training set kept back for validation`);
  if (config.weights !== null) out.push("initial weights from a file");
  for (const [name, value] of Object.entries(config.network)) out.push(`${name} ${String(value)}`);
  if (config.limitBatches !== null) out.push(`only ${config.limitBatches} batches an epoch`);
  return out;
}

/**
 * The command that repeats a run.
 *
 * @example
 * ```ts
 * import { commandLine, configure } from "convoyant/experiments";
 * commandLine(configure("lenet", { lr: 0.5 }));
 * ```
 */
export function commandLine({ model, dataDir: _, ...config }: TrainingConfig): string {
  return ["npx convoyant train", model, ...optionTexts(TRAINING_SETTINGS, config, shellWord)].join(" ");
}
