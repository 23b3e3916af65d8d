/** Checks a folder of images before it is trained on: what `convoyant data check` does. */
import { ArgumentError, ConvoyantError, FileError, knownNames } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { AbortSignalLike } from "../../base/web_types.ts";
import type { LeftOut } from "../../data/folders/folder_scan.ts";
import { CHECKS, type CheckName, type CheckThresholds, THRESHOLDS } from "../../data/quality/checks.ts";
import {
  type CheckedImage,
  type ClassCount,
  type DataIssue,
  type FolderFindings,
  issueImage,
} from "../../data/quality/data_issues.ts";
import { findDuplicates } from "../../data/quality/find_duplicates.ts";
import { judgeClasses, judgeImages } from "../../data/quality/judge_images.ts";
import { wrongLabels } from "../../data/quality/wrong_labels.ts";
import type { Image } from "../../records/image.ts";
import type { TrainedNetworkOptions } from "../evaluate.ts";
import { type FoundFolder, type FoundImage, listImages } from "./list_images.ts";
import { measureFiles } from "./measure_files.ts";
import { RunFeatures } from "./run_features.ts";

/** What `checkData` takes. */
export interface CheckDataOptions {
  /** Checks that are left out, by name; none by default. */
  readonly skip?: readonly CheckName[];
  /** Where the checks draw the line, if not as by default. */
  readonly thresholds?: Partial<CheckThresholds>;
  /** A run's folder or a weights file: its network's features show which labels are likely wrong. None by default. */
  readonly run?: string | null;
  /** How the run's network is opened. */
  readonly network?: Pick<TrainedNetworkOptions, "model" | "engine" | "threads">;
  /** Workers that decode images; 0: none. By default one for each processor, and none for few images. */
  readonly workers?: number;
  /** Stops after the image under way; nothing does by default. */
  readonly signal?: AbortSignalLike | null;
  /** Called before the first image and after each. */
  readonly onProgress?: (done: number, of: number) => void;
  /** Called with what is not as it was asked for. */
  readonly onNote?: (text: string) => void;
}

/** What was found in a folder, and how. */
export interface DataCheck extends FolderFindings {
  /** Hidden files, files of other kinds, links to what is counted already. */
  readonly skipped: readonly LeftOut[];
  /** Why labels were not checked although a run was given; null if they were, or if none was. */
  readonly labelsNotChecked: string | null;
  /** Whether it was stopped before the last image. */
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** The images of a folder as they are decoded one by one. */
interface Decoded {
  readonly checked: CheckedImage[];
  readonly issues: DataIssue[];
  interrupted: boolean;
}

/**
 * Checks a folder of images with a folder for each class, with or without `train/`, `val/` and `test/` above them, or the
 * images of a CSV file with a path and a label in each line:
 * unreadable files, exact and near duplicates (across splits and classes too), images that are blurry, dark, bright,
 * nearly empty or of an odd size or shape, unequal classes, and after a run labels that are likely wrong. Node.js only.
 *
 * @throws FileError if the folder or the list cannot be read or holds no images; ArgumentError for unknown checks or thresholds.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const check = await experiments.checkData("photos", { run: "runs/first" });
 * for (const { check: name, message } of check.issues) console.log(name, message);
 * await experiments.writeDataReport(check, "report.html");
 * ```
 */
export async function checkData(root: string, options: CheckDataOptions = {}): Promise<DataCheck> {
  const started = performance.now();
  requirePath("root", root);
  if (options.run != null) requirePath("run", options.run);
  const { workers } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0))
    throw new ArgumentError(
      `checkData: expected \`workers\` to be an integer of at least 0, got ${shownValue(workers)}`,
    );
  const thresholds = thresholdsOf(options.thresholds ?? {});
  const skip = checkNamesOf(options.skip ?? []);
  const folder = await listImages(root);
  const labels = new LabelCheck(folder, skip, options);
  await labels.open();
  const { checked, issues, interrupted } = await decodeAll(folder, labels, options);
  const classes = countsOf(folder, checked);
  const found = [
    ...issues,
    ...findDuplicates(checked, thresholds),
    ...judgeImages(checked, thresholds),
    ...(interrupted ? [] : judgeClasses(classes, folder.splits, thresholds)),
    ...(await labels.issues(checked)),
  ];
  const order = new Map(CHECKS.map(({ name }, i) => [name as CheckName, i]));
  const place = ({ check }: DataIssue): number => order.get(check) as number;
  return {
    root,
    images: checked.length,
    splits: folder.splits,
    classes,
    checks: CHECKS.map(({ name }) => name).filter((name) =>
      name === "wrong-label" ? labels.done : !skip.has(name),
    ),
    issues: found.filter(({ check }) => !skip.has(check)).sort((a, b) => place(a) - place(b)),
    thresholds,
    skipped: folder.skipped,
    labelsNotChecked: labels.reason,
    interrupted,
    seconds: (performance.now() - started) / 1000,
  };
}

async function decodeAll(
  { images, unreadable }: FoundFolder,
  labels: LabelCheck,
  { signal, onProgress, workers }: CheckDataOptions,
): Promise<Decoded> {
  const result: Decoded = {
    checked: [],
    issues: unreadable.map((one) => unreadableIssue(one, one.reason)),
    interrupted: false,
  };
  onProgress?.(0, images.length);
  const paths = images.map(({ path }) => path);
  let done = 0;
  for await (const found of measureFiles(paths, labels.done, workers)) {
    const listed = images[done++];
    if (found instanceof FileError) result.issues.push(unreadableIssue(listed, found.message));
    else {
      const { sha256, measures, image } = found;
      result.checked.push({ ...listed, sha256, measures });
      if (image !== null) await labels.add(image);
    }
    onProgress?.(done, images.length);
    if (signal?.aborted && done < images.length) {
      result.interrupted = true;
      break;
    }
  }
  return result;
}

function unreadableIssue(image: FoundImage, reason: string): DataIssue {
  return {
    check: "unreadable",
    message: `${image.name} cannot be read`,
    images: [issueImage(image, reason)],
    value: null,
  };
}

function countsOf({ classes, splits }: FoundFolder, checked: readonly CheckedImage[]): ClassCount[] {
  return classes.map((name) => {
    const own = checked.filter(({ label }) => label === name);
    const perSplit = splits.map((split) => own.filter((image) => image.split === split).length);
    return { name, images: own.length, perSplit };
  });
}

/** Looks for wrong labels with a run's network, or says why it cannot. */
class LabelCheck {
  /** Why labels are not checked although that was asked for. */
  reason: string | null = null;
  private readonly folder: FoundFolder;
  private readonly options: CheckDataOptions;
  private readonly wanted: boolean;
  private features: RunFeatures | null = null;

  constructor(folder: FoundFolder, skip: ReadonlySet<CheckName>, options: CheckDataOptions) {
    this.folder = folder;
    this.options = options;
    this.wanted = options.run != null && !skip.has("wrong-label");
  }

  /** Whether labels were checked. */
  get done(): boolean {
    return this.features !== null;
  }

  async open(): Promise<void> {
    if (!this.wanted) return;
    const { run, network = {}, onNote } = this.options;
    if (this.folder.classes.length < 2) this.giveUp("the images are in fewer than two class folders");
    else this.features = await RunFeatures.open(run as string, { ...network, ...(onNote && { onNote }) });
  }

  async add(image: Image): Promise<void> {
    await this.attempt(async () => this.features?.add(image));
  }

  async issues(images: readonly CheckedImage[]): Promise<DataIssue[]> {
    const found: DataIssue[] = [];
    await this.attempt(async () => {
      const rows = await this.features?.rows();
      if (rows === undefined) return;
      const { classes } = this.folder;
      const labels = images.map(({ label }) => classes.indexOf(label as string));
      for (const { index, suggested, probability } of wrongLabels(rows, labels, classes.length)) {
        const { name, label } = images[index];
        const message = `is labelled ${label}, and looks like ${classes[suggested]}`;
        found.push({
          check: "wrong-label",
          message: `${name} ${message}`,
          images: [issueImage(images[index], message)],
          value: probability,
        });
      }
    });
    return found;
  }

  /** A network that cannot take the images stops this check alone. */
  private async attempt(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      if (!(error instanceof ConvoyantError)) throw error;
      this.giveUp(`the network of ${this.options.run} cannot take the images: ${error.message}`);
    }
  }

  private giveUp(reason: string): void {
    this.features = null;
    this.reason = `labels were not checked: ${reason}`;
    this.options.onNote?.(this.reason);
  }
}

function requirePath(name: string, path: unknown): void {
  if (typeof path !== "string" || path === "")
    throw new ArgumentError(`checkData: expected \`${name}\` to be a path, got ${shownValue(path)}`);
}

function thresholdsOf(given: Partial<CheckThresholds>): CheckThresholds {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(THRESHOLDS, name)) {
      const names = Object.keys(THRESHOLDS);
      throw new ArgumentError(`checkData: unknown threshold \`${name}\`${knownNames(name, names)}`);
    }
    if (!(typeof value === "number" && value >= 0))
      throw new ArgumentError(
        `checkData: expected threshold \`${name}\` to be a number of at least 0, got ${shownValue(value)}`,
      );
  }
  const { hashDistance } = given;
  if (hashDistance !== undefined && !(Number.isInteger(hashDistance) && hashDistance <= 32))
    throw new ArgumentError(
      `checkData: expected threshold \`hashDistance\` to be an integer from 0 to 32, got ${hashDistance}`,
    );
  return { ...THRESHOLDS, ...given };
}

function checkNamesOf(given: readonly string[]): ReadonlySet<CheckName> {
  const names = CHECKS.map(({ name }) => name);
  if (!Array.isArray(given))
    throw new ArgumentError(`checkData: expected \`skip\` to be an array of names, got ${shownValue(given)}`);
  for (const name of given) {
    if ((names as readonly string[]).includes(name)) continue;
    throw new ArgumentError(`checkData: unknown check ${shownValue(name)}${knownNames(String(name), names)}`);
  }
  return new Set(given as readonly CheckName[]);
}
