/** Settings of a training in words: how they differ from the chapter's, and the command that repeats them. */
import type { SchedulerOptions } from "../optim/schedulers/registry.ts";
import { shellWord } from "./shell_text.ts";
import { configure, type TrainingConfig } from "./training_config.ts";

/** `step:stepSize=5,gamma=0.5`. */
export function schedulerText(scheduler: TrainingConfig["scheduler"]): string {
  if (scheduler === null) return "none";
  const options = Object.entries(scheduler.options as SchedulerOptions).map(
    ([name, value]) => `${name}=${value}`,
  );
  return options.length === 0 ? scheduler.name : `${scheduler.name}:${options.join(",")}`;
}

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
export function commandLine(config: TrainingConfig): string {
  const parts = ["npx convoyant train", config.model];
  const flag = (name: string, value: unknown, usual?: unknown) => {
    if (value !== null && value !== usual) parts.push(`--${name} ${shellWord(String(value))}`);
  };
  flag("data", config.data);
  flag("edition", config.edition, "zh");
  flag("epochs", config.epochs);
  flag("batch-size", config.batchSize);
  flag("optimizer", config.optimizer);
  flag("lr", config.lr);
  flag("momentum", config.momentum, 0);
  flag("weight-decay", config.weightDecay, 0);
  if (config.scheduler !== null) flag("scheduler", schedulerText(config.scheduler));
  flag("label-smoothing", config.labelSmoothing, 0);
  flag("patience", config.patience);
  flag("val-split", config.valSplit, 0);
  if (config.topk.length > 0) flag("topk", config.topk.join(","));
  flag("weights", config.weights);
  flag("resize", config.resize);
  flag("seed", config.seed);
  flag("engine", config.engine);
  flag("threads", config.threads);
  if (config.reproducible) parts.push("--reproducible");
  if (config.exactConvolutions) parts.push("--exact-conv");
  flag("precision", config.precision, "f32");
  flag("micro-batch", config.microBatch, "auto");
  flag("limit-batches", config.limitBatches);
  for (const [name, value] of Object.entries(config.network)) flag("set", `${name}=${String(value)}`);
  return parts.join(" ");
}
