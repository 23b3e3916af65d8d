/** How `convoyant predict` speaks: images with bars, a line for each image, CSV, or JSON. */
import type { Prediction, UnreadImage } from "../../experiments/predict.ts";
import { csvLine } from "../../io/formats/csv/csv_line.ts";
import { type ClassName, className, shortClassName } from "../../records/class_names.ts";
import { type Image, resample } from "../../report/image.ts";
import { formatPercent } from "../../report/number_text.ts";
import { renderPrediction } from "../../report/terminal/terminal_image.ts";
import type { Output } from "../console/output.ts";

/** `images`: the image beside bars; `lines`: a line for each image. */
export type PredictLook = "images" | "lines" | "csv";

/** The most pixels a side of an image beside its classes. */
const SIDE = 28;

export class PredictOutput {
  readonly #output: Output;
  readonly #classes: readonly ClassName[];
  readonly #look: PredictLook;
  readonly #top: number;

  constructor(output: Output, classes: readonly ClassName[], look: PredictLook, top: number) {
    this.#output = output;
    this.#classes = classes;
    this.#look = look;
    this.#top = top;
    if (look === "csv") {
      const names = classes.map((_, i) => shortClassName(classes, i));
      process.stdout.write(csvLine(["image", "label", "probability", ...names]));
    }
  }

  prediction(prediction: Prediction): void {
    const { name, truth, probabilities, predicted } = prediction;
    if (this.#look === "csv") {
      const label = shortClassName(this.#classes, predicted);
      process.stdout.write(
        csvLine([name, label, ...[probabilities[predicted], ...probabilities].map(String)]),
      );
      return;
    }
    if (this.#look === "lines") this.#output.line(this.#line(prediction));
    else this.#image(prediction);
    this.#output.event({
      event: "prediction",
      image: name,
      predicted,
      label: shortClassName(this.#classes, predicted),
      probability: probabilities[predicted],
      truth,
      probabilities,
    });
  }

  unread({ name, error }: UnreadImage): void {
    this.#output.event({ event: "unreadable", image: name, message: error.message });
  }

  #line({ name, probabilities }: Prediction): string {
    const ranked = probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
    const shown = ranked
      .slice(0, this.#top)
      .map((i) => `${className(this.#classes, i)} ${formatPercent(probabilities[i])}`);
    return `${name}: ${shown.join(", ")}`;
  }

  #image({ name, image, look, truth, probabilities }: Prediction): void {
    const ranked = probabilities.map((probability, i) => ({
      label: className(this.#classes, i),
      probability,
    }));
    this.#output.lines(
      renderPrediction(fitted(look ?? image), ranked, {
        ...this.#output.style,
        columns: this.#output.terminal.columns,
        title: name,
        top: this.#top,
        ...(truth !== null && { truth: className(this.#classes, truth) }),
      }),
    );
    this.#output.line();
  }
}

/** Shrunk, or enlarged, in its own shape. */
function fitted(image: Image): Image {
  const scale = SIDE / Math.max(image.width, image.height);
  const side = (size: number) => Math.max(1, Math.round(size * scale));
  return resample(image, side(image.width), side(image.height));
}
