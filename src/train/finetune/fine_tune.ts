/** `fineTune`: a pretrained network for classes of one's own. */
import { ArgumentError } from "../../base/errors.ts";
import { loadedModule } from "../../base/open_files.ts";
import { otherCopy } from "../../base/package_copies.ts";
import { requireRange } from "../../base/params/argument_kinds.ts";
import { bindArguments, parameterTable } from "../../base/params/arguments.ts";
import { shownValue } from "../../base/shown_value.ts";
import { Module } from "../../nn/index.ts";
import { keepClassNames } from "../../records/network_classes.ts";
import { FOLLOWING_NAMES } from "../loop/fit.ts";
import type { FitResult } from "../loop/fit_options.ts";
import { checkPrecision } from "../loop/precision.ts";
import { type TuningData, tuningData, tuningLoss } from "./fine_tune_data.ts";
import type { FineTuneFitOptions, FineTuneOptions, FineTuneResult } from "./fine_tune_options.ts";
import { trainHead } from "./head_phase.ts";
import { classesOf, type Head, headsOf, renewHead } from "./heads.ts";
import { layerGroups, layerRates } from "./layer_groups.ts";
import { endsWithOthers, trainWhole, type WholeResult } from "./whole_phase.ts";

interface FineTuneParameters extends FineTuneOptions {
  /** The pretrained network. */
  readonly net: Module;
}

const FINE_TUNE = parameterTable<FineTuneParameters>("fineTune")(
  [
    "net",
    "data",
    "epochs",
    "freezeEpochs?",
    "baseLr?:number",
    "lrMult?:number",
    "layerGroups?",
    "weightDecay?:number",
    "pctStart?:number",
    "div?:number",
    "unfreeze?",
    "batchNorm?",
    "ema?",
    "interpolate?:number",
    "labelSmoothing?:number",
    "classWeights?",
    "batchSize?",
    "mix?",
    "embeddingViews?",
    "head?",
    "newHead?:boolean",
    "precision?",
    "microBatch?",
    ...FOLLOWING_NAMES,
    "resume?:boolean",
    "name?",
    "classNames?",
    "settings?",
    "checkpointSeconds?",
    "signal?",
    "progress?:boolean",
    "callbacks?",
  ],
  () => undefined,
);

/**
 * Fine-tunes a pretrained network for other classes, as fastai's `fine_tune`:
 *
 * 1. The head (the last fully connected layer or 1x1 convolution) is replaced by a new one.
 * 2. The backbone is frozen, in evaluation mode, and its embeddings of all images are computed once; the head is trained
 *    on them for `freezeEpochs`, with AdamW and one cycle of the learning rate. An image has as many embeddings as
 *    `embeddingViews` says, so that augmentation counts in this part only as far.
 * 3. The whole network is trained for `epochs`, with a highest rate of baseLr / 2 for the head, that divided by `lrMult`
 *    for the lowest layers, evenly spaced by logarithms between, and one cycle.
 *
 * Both parts are trainings of `fit`. With `out` the second is kept in this folder and the first in its folder `frozen`;
 * `resume` goes on with either, with the same bits as without interruption if the program before it is the same.
 * `out` holds the weights that `ema` and `interpolate` end with as `averaged.safetensors`.
 *
 * Layers whose parameters have `requiresGrad` false stay as they are. Afterwards every module is in the mode in which it
 * was before.
 *
 * @param net - the network, with its pretrained weights.
 * @throws ArgumentError for values outside of their range, a network without a head, and data whose number of classes is
 * not known; the errors of `fit`.
 * @example
 * ```ts no-run
 * const net = await models.efficientnetLite0({ weights: "imagenet" });
 * const { RandomHorizontalFlip, Preprocess, Compose } = data.transforms;
 * const preprocess = Preprocess(models.preprocessingOf(net)!);
 * const plain = await data.ImageFolder("photos", { split: "train", transform: preprocess });
 * const training = await data.ImageFolder("photos", {
 *   split: "train",
 *   transform: Compose([RandomHorizontalFlip(), preprocess]),
 * });
 * const test = await data.ImageFolder("photos", { split: "val", transform: preprocess });
 * const tuned = await train.fineTune(net, { data: { train: training, plain, test }, epochs: 5 });
 * console.log(tuned.test?.accuracy);
 * ```
 * @example
 * ```ts
 * const tuned = await train.fineTune(net, {
 *   data: { train: trainLoader, test: testLoader, numClasses: 10 },
 *   epochs: 1,
 *   freezeEpochs: 2,
 * });
 * console.log(tuned.head, tuned.rates.length); // the path of the head, and 3 groups of layers
 * ```
 */
export async function fineTune(net: Module, options: FineTuneOptions): Promise<FineTuneResult> {
  const { net: _net, ...given } = bindArguments(FINE_TUNE.signature, [net, options]) as FineTuneParameters;
  checkOptions(net, given);
  const data = tuningData(given);
  const loss = tuningLoss(given, data.numClasses);
  const heads = headsFor(net, given, data.numClasses);
  keepFacts(net, given, data);
  const groups = layerGroups(net, heads, given.layerGroups ?? 3);
  const rates = layerRates((given.baseLr ?? 2e-3) / 2, given.lrMult ?? 100, groups.length);
  const folders = await foldersOf(given);
  const shared = { net, data, loss, options: given };
  const result = (frozen: FitResult | null, whole: WholeResult | null): FineTuneResult => ({
    frozen,
    whole: whole?.fitted ?? null,
    test: whole === null ? (frozen?.test ?? null) : whole.test,
    outcome: whole?.fitted.outcome ?? frozen?.outcome ?? "interrupted",
    head: heads[0].path,
    rates,
  });

  let frozen: FitResult | null = null;
  if ((given.freezeEpochs ?? 40) > 0 && !folders.frozenIsDone) {
    const fitOptions = { ...fitOptionsOf(given, data.classNames, net), ...folders.frozen };
    frozen = await trainHead({ ...shared, head: heads[0], fitOptions });
    if (frozen === null || frozen.outcome === "interrupted") return result(frozen, null);
  }
  if (given.epochs === 0 && folders.whole.out === null) return result(frozen, null);
  const fitOptions = { ...fitOptionsOf(given, data.classNames, net), ...folders.whole };
  const whole = await trainWhole({ ...shared, groups, rates, fitOptions });
  if (whole.fitted.outcome !== "interrupted") await keepWeights(net, given);
  return result(frozen, whole);
}

/** Replaces the heads, or looks whether they are for as many classes. */
function headsFor(net: Module, { head, newHead = true }: FineTuneOptions, classes: number): Head[] {
  const heads = headsOf("fineTune", net, head);
  if (newHead) return heads.map((one) => renewHead(net, one, classes));
  const other = heads.find((one) => classesOf(one) !== classes);
  if (other === undefined) return heads;
  throw new ArgumentError(
    `fineTune: the head \`${other.path}\` is for ${classesOf(other)} classes, and the data have ${classes}; leave \`newHead\` out ` +
      "to have it replaced",
  );
}

/** With another head the outputs stand for something else. */
function keepFacts(net: Module, { newHead = true }: FineTuneOptions, data: TuningData): void {
  if (newHead || data.classNames !== undefined) keepClassNames(net, data.classNames);
}

function fitOptionsOf(
  options: FineTuneOptions,
  classNames: FineTuneOptions["classNames"],
  net: Module,
): FineTuneFitOptions {
  const { precision, microBatch, earlyStopping, clipGradNorm, metrics, pointsPerEpoch, monitor } = options;
  const { settings, checkpointSeconds, signal, progress, callbacks, name = net.constructor.name } = options;
  const how = { precision, microBatch, earlyStopping, clipGradNorm, metrics, pointsPerEpoch, monitor };
  return given({ ...how, settings, checkpointSeconds, signal, progress, callbacks, name, classNames });
}

/** Without what is undefined: `fit` has defaults of its own. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** Where the parts are kept, and which of them go on. */
interface Folders {
  readonly frozen: { readonly out: string | null; readonly resume: boolean };
  readonly whole: { readonly out: string | null; readonly resume: boolean };
  /** Whether the run goes on within its second part. */
  readonly frozenIsDone: boolean;
}

async function foldersOf({ out = null, resume = false }: FineTuneOptions): Promise<Folders> {
  if (out === null) {
    if (resume)
      throw new ArgumentError("fineTune: `resume` needs `out`, the folder of the run to go on with");
    const nowhere = { out, resume };
    return { frozen: nowhere, whole: nowhere, frozenIsDone: false };
  }
  const { requireNoRun, runProgress } = await loadedModule(import("#runs"));
  const inFrozen = `${out}/frozen`;
  if (!resume) {
    for (const path of [out, inFrozen]) requireNoRun(path);
    return { frozen: { out: inFrozen, resume }, whole: { out, resume }, frozenIsDone: false };
  }
  const [first, second] = [runProgress(inFrozen), runProgress(out)];
  return {
    frozen: { out: inFrozen, resume: first !== "none" },
    // Interrupted before anything was kept, it begins again; `fit` says so when there is no run at all.
    whole: { out, resume: second !== "none" || first === "none" },
    frozenIsDone: second === "checkpoint",
  };
}

/** Weights that `fit` does not keep by itself: of a network whose head alone was trained, averages, interpolated ones. */
async function keepWeights(net: Module, options: FineTuneOptions): Promise<void> {
  const { out, epochs, name } = options;
  if (out == null || (epochs > 0 && !endsWithOthers(options))) return;
  const { saveWeights } = await loadedModule(import("#runs"));
  await saveWeights(out, epochs > 0 ? "averaged" : "last", net, name ?? net.constructor.name);
}

function checkOptions(net: Module, options: FineTuneOptions): void {
  const of = "fineTune";
  if (!(net instanceof Module))
    throw new ArgumentError(`${of}: expected \`net\` to be a Module, got ${otherCopy(net) ?? typeof net}`);
  if (net.modules().some((module) => module.isLazy))
    throw new ArgumentError(`${of}: a lazy layer has no weights yet; call the network with a batch first`);
  const { epochs, freezeEpochs = 40, baseLr = 2e-3, lrMult = 100, layerGroups: groups = 3 } = options;
  const { weightDecay = 0.01, pctStart = 0.3, div = 5, ema = null, labelSmoothing = 0 } = options;
  const { unfreeze = "all", batchNorm = "eval", embeddingViews = 1 } = options;
  const atLeast = (least: number) => (n: number) => Number.isInteger(n) && n >= least;
  requireRange(of, "epochs", epochs, atLeast(0), "an integer of at least 0");
  requireRange(of, "freezeEpochs", freezeEpochs, atLeast(0), "an integer of at least 0");
  requireRange(of, "embeddingViews", embeddingViews, atLeast(1), "an integer of at least 1");
  requireRange(of, "layerGroups", groups, atLeast(1), "an integer of at least 1");
  requireRange(of, "baseLr", baseLr, (n) => n > 0, "above 0");
  requireRange(of, "lrMult", lrMult, (n) => n >= 1, "at least 1");
  requireRange(of, "weightDecay", weightDecay, (n) => n >= 0, "at least 0");
  requireRange(of, "pctStart", pctStart, (n) => n >= 0 && n < 1, "from 0 to below 1");
  requireRange(of, "div", div, (n) => n >= 1, "at least 1");
  if (ema !== null) requireRange(of, "ema", ema, (n) => n >= 0 && n < 1, "from 0 to below 1");
  const { interpolate = 1, newHead = true } = options;
  requireRange(of, "interpolate", interpolate, (n) => n >= 0 && n <= 1, "from 0 to 1");
  if (interpolate < 1 && freezeEpochs === 0 && newHead)
    throw new ArgumentError(
      `${of}: \`interpolate\` leads back to a head that was trained; give \`freezeEpochs\` above 0, or \`newHead: false\``,
    );
  requireRange(of, "labelSmoothing", labelSmoothing, (n) => n >= 0 && n <= 1, "from 0 to 1");
  requireOneOf("unfreeze", unfreeze, ["all", "gradual"]);
  requireOneOf("batchNorm", batchNorm, ["train", "eval"]);
  checkPrecision(of, options.precision);
}

function requireOneOf(name: string, given: unknown, expected: readonly string[]): void {
  if (expected.includes(given as string)) return;
  const listed = expected.map((one) => `"${one}"`).join(" or ");
  throw new ArgumentError(`fineTune: expected \`${name}\` to be ${listed}, got ${shownValue(given)}`);
}
