/** What a run says of its metrics and its data, for the model card. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { parseJson } from "../base/json_text.ts";
import { markdownTable } from "../experiments/markdown_table.ts";
import { isPhotosRun, PHOTO_SPLITS, readPhotosRecord } from "../experiments/photos/photo_config.ts";
import type { RunInfo } from "../experiments/runs.ts";
import { MOST_JSON_BYTES, readTextSync } from "../io/regular_file.ts";
import { type ClassName, className } from "../records/class_names.ts";
import { RUN_FILES } from "../train/runs/run_folder.ts";
import { escapeMarkdown } from "./markdown.ts";

const share = v.nullable(v.number());
const part = v.nullable(
  v.object({
    images: v.number(),
    loss: share,
    accuracy: share,
    calibrationError: share,
    precision: v.array(share),
    recall: v.array(share),
  }),
);
const schema = v.object({ val: part, test: part });

type Results = v.InferOutput<typeof schema>;

/** What was counted with the weights that are shipped, on images that were held out; null if the run kept nothing of it. */
function resultsOf(folder: string): Results | null {
  const path = join(folder, RUN_FILES.results);
  if (!existsSync(path)) return null;
  try {
    const result = v.safeParse(schema, parseJson(readTextSync(path, MOST_JSON_BYTES)));
    return result.success ? result.output : null;
  } catch {
    // The card does without; the weights are whole.
    return null;
  }
}

const percent = (value: number | null | undefined) => (value == null ? "–" : `${(100 * value).toFixed(1)} %`);
const number = (value: number | null | undefined) => (value == null ? "–" : value.toFixed(4));

/** The run's metrics in Markdown. */
export function metricsText(run: RunInfo | null, classes: readonly ClassName[]): string {
  const results = run === null ? null : resultsOf(run.folder);
  if (results !== null) return heldOutText(results, classes);
  if (run?.metrics == null) return "The weights come without the record of their training.";
  const { epochs, trainAccuracy, testAccuracy, trainLoss, testLoss } = run.metrics;
  const table = markdownTable(
    ["", "Accuracy", "Loss"],
    [
      ["Training set", percent(trainAccuracy), number(trainLoss)],
      [`${run.heldOut === "test" ? "Test" : "Validation"} set`, percent(testAccuracy), number(testLoss)],
    ],
  );
  return `${table}\n\nAt the end of the training, after ${epochs} epochs.`;
}

function heldOutText({ val, test }: Results, classes: readonly ClassName[]): string {
  const rows = [
    ["Test images, looked at once", test] as const,
    ["Validation images, by which the training was judged", val] as const,
  ].flatMap(([name, counted]) => (counted === null ? [] : [{ name, counted }]));
  if (rows.length === 0) return "No images were held out to judge it by.";
  const table = markdownTable(
    ["", "Images", "Accuracy", "Loss", "Expected calibration error"],
    rows.map(({ name, counted }) => [
      name,
      String(counted.images),
      percent(counted.accuracy),
      number(counted.loss),
      percent(counted.calibrationError),
    ]),
  );
  const [{ counted }] = rows;
  const perClass = markdownTable(
    ["Class", "Precision", "Recall"],
    classes.map((_, i) => [
      escapeMarkdown(className(classes, i)),
      percent(counted.precision[i]),
      percent(counted.recall[i]),
    ]),
  );
  return `${table}\n\n${perClass}`;
}

/** What the run says of the images that it was trained on, in Markdown. */
export function dataText(run: RunInfo | null): string {
  if (run !== null && isPhotosRun(run.folder)) return photosText(run.folder);
  const data = run?.settings.data;
  if (typeof data === "string") return `Trained on ${escapeMarkdown(data)}.`;
  return "Not described; `convoyant ship --data-description` says what the images are.";
}

function photosText(folder: string): string {
  const { config, classes, images } = readPhotosRecord(folder);
  const count = (split: string, label?: number) =>
    images.filter(([, own, part]) => part === split && (label === undefined || own === label)).length;
  const used = PHOTO_SPLITS.filter((split) => count(split) > 0);
  const table = markdownTable(
    ["Class", ...used],
    [
      ...classes.map((name, i) => [escapeMarkdown(name), ...used.map((split) => String(count(split, i)))]),
      ["all", ...used.map((split) => String(count(split)))],
    ],
  );
  return `${images.length} images of the folder ${escapeMarkdown(basename(config.photos))}:\n\n${table}`;
}
