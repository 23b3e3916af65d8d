/** `fit`: trains a network, with or without a folder that keeps the run. */

import { isPlainObject } from "../../base/builtin_kinds.ts";
import { ArgumentError, unknownName } from "../../base/errors.ts";
import { loadedModule } from "../../base/open_files.ts";
import { otherCopy } from "../../base/package_copies.ts";
import { requireRange } from "../../base/params/argument_kinds.ts";
import { bindArguments, parameterTable } from "../../base/params/arguments.ts";
import { shownValue } from "../../base/shown_value.ts";
import { Module } from "../../nn/index.ts";
import { keepClassNames } from "../../records/network_classes.ts";
import { CALLBACK_NAMES, type Callbacks, type FitOptions, type FitResult, onTestSet } from "./fit_options.ts";
import { checkMicroBatch } from "./micro_batches.ts";
import { checkMonitor } from "./monitor.ts";
import { requireOwnParameters } from "./own_parameters.ts";
import { checkPrecision } from "./precision.ts";
import { isOnTerminal, progressDisplay } from "./progress_display.ts";
import { trainingRanks } from "./ranks.ts";
import { Training } from "./training.ts";

interface FitParameters extends FitOptions {
  /** The network to train. */
  readonly net: Module;
}

/** What `fit` and `fineTune` take, in this order, about how a training is followed and kept. */
export const FOLLOWING_NAMES = [
  "earlyStopping?",
  "clipGradNorm?",
  "metrics?",
  "pointsPerEpoch?",
  "monitor?",
  "out?",
] as const;

/** Held together with the options by the compiler. */
const FIT = parameterTable<FitParameters>("fit")(
  [
    "net",
    "trainLoader",
    "testLoader?",
    "optimizer",
    "epochs",
    "loss?",
    "precision?",
    "microBatch?",
    "scheduler?",
    "schedulerStep?",
    ...FOLLOWING_NAMES,
    "resume?",
    "name?",
    "classNames?",
    "settings?",
    "run?",
    "checkpointSeconds?",
    "signal?",
    "progress?:boolean",
    "callbacks?",
  ],
  () => undefined,
);

/**
 * Trains a network as the book's `train_ch6` does: every epoch goes once through the training set, the curves
 * get a point every fifth of an epoch (running means of loss and accuracy over the epoch so far), and the test
 * set is looked at after each epoch.
 *
 * With `out` the run is kept in a folder: it can be interrupted at any moment and taken up again (`resume`) to
 * bit-identical weights and metrics.
 *
 * A batch whose step does not fit the engine's memory is run in slices, with one step of the optimiser: see
 * `microBatch`.
 *
 * With `precision: "bf16"` convolutions and products are computed in bfloat16, if the engine has that fast
 * (`isBf16Supported`); the result says what it was.
 *
 * After `init()` of `convoyant/distributed` the ranks share the training: each computes its shards of every batch, rank 0
 * keeps and shows the run.
 *
 * Every epoch begins with `net.train()`: a layer stays frozen if it overrides `train` (see `nn.Module.train`). When
 * training ends, every module is in the mode in which it was before.
 *
 * @throws ArgumentError for unknown options and values outside their range; DivergenceError if the loss or a weight
 * becomes NaN or infinite (it has the epoch and the step); TrainingError if a batch does not fit the memory and the
 * network mixes its examples, if `out` holds a run already or another process is training it.
 * @example
 * ```ts
 * const { test } = await train.fit(net, { trainLoader, testLoader, optimizer, epochs: 1, out: "runs/a" });
 * console.log(test?.accuracy);
 * const half = await train.fit(net, { trainLoader, optimizer, epochs: 1, precision: "bf16" });
 * console.log(half.precision); // bf16, or f32 if the engine has no fast bf16
 * ```
 */
export async function fit(net: Module, options: FitOptions): Promise<FitResult> {
  const { net: _net, ...given } = bindArguments(FIT.signature, [net, options]) as FitParameters;
  const callbacks = callbacksOf(given.callbacks);
  checkOptions(net, given);
  if (given.resume && typeof given.out !== "string")
    throw new ArgumentError("fit: `resume` needs `out`, the folder of the run to go on with");
  if (given.classNames !== undefined) keepClassNames(net, given.classNames);
  const ranks = trainingRanks();
  // Of several ranks the first shows and keeps the training.
  const isFirst = ranks === null || ranks.rank === 0;
  const display = isFirst && (given.progress ?? isOnTerminal()) ? progressDisplay() : null;
  const shown = {
    ...given,
    progress: false,
    callbacks: display === null ? callbacks : [display, ...callbacks],
  };
  try {
    if (isFirst && typeof given.out === "string") return await fitInOut(net, shown, given.out);
    return await new Training(net, shown).run();
  } catch (error) {
    ranks?.leave(error);
    throw error;
  } finally {
    display?.stop();
  }
}

/** Files are Node.js's business: a page never loads this part, and says so. */
async function fitInOut(net: Module, options: FitOptions, out: string): Promise<FitResult> {
  const { fitInFolder, RunFolder } = await loadedModule(import("#runs"));
  const resume = options.resume ?? false;
  const folder = resume ? RunFolder.open(out) : RunFolder.create(out);
  try {
    const { epochs, optimizer, name = net.constructor.name, classNames, precision = "f32" } = options;
    const settings = {
      epochs,
      lr: optimizer.paramGroups[0].lr,
      optimizer: optimizer.constructor.name,
      precision,
      ...options.settings,
    };
    return await fitInFolder(net, { ...options, out: null, resume: false }, folder, resume, {
      model: name,
      classNames,
      settings,
    });
  } finally {
    folder.close();
  }
}

function checkOptions(net: Module, options: FitOptions): void {
  const {
    epochs,
    optimizer,
    schedulerStep,
    pointsPerEpoch = 5,
    clipGradNorm,
    checkpointSeconds = 30,
  } = options;
  if (!(net instanceof Module))
    throw new ArgumentError(`fit: expected \`net\` to be a Module, got ${otherCopy(net) ?? typeof net}`);
  requireRange("fit", "epochs", epochs, (n) => Number.isInteger(n) && n >= 0, "an integer");
  if (typeof optimizer?.step !== "function" || !Array.isArray(optimizer.paramGroups)) {
    throw new ArgumentError(
      "fit: expected `optimizer` to be an optimiser, such as optim.SGD(net.parameters(), { lr: 0.1 })",
    );
  }
  checkFunctions(options);
  requireOwnParameters(net, options);
  if (schedulerStep !== undefined && schedulerStep !== "epoch" && schedulerStep !== "step") {
    throw new ArgumentError(
      `fit: expected \`schedulerStep\` to be "epoch" or "step", got ${shownValue(schedulerStep)}`,
    );
  }
  requireRange("fit", "pointsPerEpoch", pointsPerEpoch, (n) => n >= 1, "at least 1");
  if (clipGradNorm != null) requireRange("fit", "clipGradNorm", clipGradNorm, (n) => n > 0, "above 0");
  requireRange("fit", "checkpointSeconds", checkpointSeconds, (n) => n >= 0, "at least 0");
  checkPrecision("fit", options.precision);
  const { microBatch = "auto" } = options;
  if (microBatch !== "auto") checkMicroBatch("fit", "microBatch", microBatch, '"auto", or ');
  if (options.monitor !== undefined) checkMonitor(options.monitor);
}

function checkFunctions({ loss, scheduler, metrics = {} }: FitOptions): void {
  if (loss !== undefined && typeof loss !== "function")
    throw new ArgumentError(
      `fit: expected \`loss\` to be a function of output and target, got ${shownValue(loss)}`,
    );
  if (scheduler != null && typeof scheduler.step !== "function") {
    throw new ArgumentError(
      `fit: expected \`scheduler\` to be a scheduler, such as optim.StepLR(optimizer, 10), got ${shownValue(scheduler)}`,
    );
  }
  for (const [name, metric] of Object.entries(metrics)) {
    if (name === "" || Object.hasOwn(metrics, onTestSet(name)))
      throw new ArgumentError(
        name === ""
          ? "fit: expected every metric to have a name"
          : `fit: the metrics \`${name}\` and \`${onTestSet(name)}\` get one name on the test set; choose another for one`,
      );
    if (typeof metric !== "function")
      throw new ArgumentError(
        `fit: expected metric \`${name}\` to be a function of output and target, got ${shownValue(metric)}`,
      );
  }
}

/** One object or several; names are checked, since a misspelt hook would never be called. */
function callbacksOf(given: FitOptions["callbacks"]): readonly Callbacks[] {
  const list = given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
  for (const callbacks of list) {
    if (!isPlainObject(callbacks)) continue;
    for (const name of Object.keys(callbacks)) {
      if ((CALLBACK_NAMES as readonly string[]).includes(name)) continue;
      throw unknownName("fit: unknown callback", name, CALLBACK_NAMES);
    }
  }
  return list;
}
