/** What a network makes of images, told as it comes: images with bars, a line for each, CSV, or events. Node only. */
import { csvLine } from "../../io/formats/csv/csv_line.ts";
import { type ClassName, className, shortClassName } from "../../records/class_names.ts";
import { type Image, resample } from "../../report/image.ts";
import { formatPercent } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { renderPrediction } from "../../report/terminal/terminal_image.ts";
import { LookFiles } from "../look/look_files.ts";
import { namedImages } from "../named_images.ts";
import { openPredictor, type Prediction, type PredictOptions, type UnreadImage } from "../predict.ts";

/** What `reportPredictions` takes. */
export interface ReportPredictionsOptions extends PredictOptions {
  /** How many classes are told. @default 10, of many images 1 */
  readonly top?: number;
  /** A folder for the images with what is laid over them. @default none */
  readonly folder?: string;
  /** Takes the lines of a CSV table, which is made instead. */
  readonly csv?: (line: string) => void;
  /** Called when the network is there. */
  readonly onReady?: () => void;
  readonly onUnread?: (unread: UnreadImage) => void;
  /** Called with how many of the images are done, if they are many. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** How many images there were. */
export interface ReportedPredictions {
  readonly read: number;
  readonly unread: number;
  /** Fewer are done if it was interrupted. */
  readonly of: number;
}

/** More images get a line each. */
const MOST_SHOWN = 8;

/** The most pixels a side of an image beside its classes. */
const SIDE = 28;

/**
 * Classifies images and tells each as it is done: what `convoyant predict` does.
 *
 * @param source - a run's folder, a weights file or an ONNX file.
 * @param names - of images, as `namedImages` takes them.
 * @throws FileError for a source that cannot be read; of an image that cannot `onUnread` is told.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.reportPredictions("runs/first", ["photos"], told, { top: 3 });
 * told.events.map(({ image, label }) => [image, label]);
 * ```
 */
export async function reportPredictions(
  source: string,
  names: readonly string[],
  reporter: Reporter,
  options: ReportPredictionsOptions = {},
): Promise<ReportedPredictions> {
  const { folder, csv, onReady, onUnread, onProgress, top, ...asked } = options;
  const { images, isList } = await namedImages(names);
  const isLong = isList || images.length > MOST_SHOWN;
  const files = folder === undefined ? null : new LookFiles(folder);
  const look = asked.look ?? (files === null ? null : "grad-cam");
  const predictor = await openPredictor(source, { ...asked, look });
  onReady?.();
  const { classes, model, precision } = predictor;
  const short = classes.map((_, i) => shortClassName(classes, i));
  csv?.(csvLine(["image", "label", "probability", ...short]));
  const shown = { classes, top: top ?? (isLong ? 1 : 10) };
  let [read, unread] = [0, 0];
  for await (const outcome of predictor.predictAll(images)) {
    if ("error" in outcome) {
      unread++;
      reporter.event({ event: "unreadable", image: outcome.name, message: outcome.error.message });
      onUnread?.(outcome);
    } else {
      read++;
      const { name, predicted, probabilities, truth } = outcome;
      const [label, probability] = [short[predicted], probabilities[predicted]];
      if (csv !== undefined) csv(csvLine([name, label, ...[probability, ...probabilities].map(String)]));
      else if (isLong) reporter.line(lineOf(outcome, shown));
      else reporter.lines([...imageOf(outcome, shown, reporter), ""]);
      if (csv === undefined)
        reporter.event({
          event: "prediction",
          image: name,
          ...{ predicted, label, probability, truth, probabilities },
        });
      await files?.write(outcome);
    }
    if (isLong) onProgress?.(read + unread, images.length);
  }
  reporter.event({ event: "end", model, precision, images: read, ...(unread > 0 && { unreadable: unread }) });
  return { read, unread, of: images.length };
}

/** Of which classes how many are told. */
interface Shown {
  readonly classes: readonly ClassName[];
  readonly top: number;
}

function lineOf({ name, probabilities }: Prediction, { classes, top }: Shown): string {
  const ranked = probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
  const shown = ranked
    .slice(0, top)
    .map((i) => `${className(classes, i)} ${formatPercent(probabilities[i])}`);
  return `${name}: ${shown.join(", ")}`;
}

function imageOf(
  { name, image, look, truth, probabilities }: Prediction,
  { classes, top }: Shown,
  { style, terminal }: Reporter,
): string[] {
  const ranked = probabilities.map((probability, i) => ({ label: className(classes, i), probability }));
  return renderPrediction(fitted(look ?? image), ranked, {
    ...style,
    columns: terminal.columns,
    title: name,
    top,
    ...(truth !== null && { truth: className(classes, truth) }),
  });
}

/** Shrunk, or enlarged, in its own shape. */
function fitted(image: Image): Image {
  const scale = SIDE / Math.max(image.width, image.height);
  const side = (size: number) => Math.max(1, Math.round(size * scale));
  return resample(image, side(image.width), side(image.height));
}
