/** `convoyant predict`: what a network makes of images. */
import { type Prediction, predict } from "../experiments/predict.ts";
import { type ClassName, className, shortClassName } from "../records/class_names.ts";
import { type Image, resample } from "../report/image.ts";
import { renderPrediction } from "../report/terminal/terminal_image.ts";
import { chosenNetwork } from "./chosen_network.ts";
import type { Output } from "./console/output.ts";
import type { NetworkChoice } from "./network_commands.ts";

export interface PredictCommand extends NetworkChoice {
  readonly source: string;
  readonly images: readonly string[];
  /** For dark objects on a white background. */
  readonly invert: boolean;
  /** How many classes are listed. */
  readonly top: number;
}

/** The most pixels a side of an image beside its classes. */
const SIDE = 28;

export async function predictCommand(command: PredictCommand, output: Output): Promise<number> {
  const { source, images, invert, top } = command;
  const result = await predict(source, images, { ...chosenNetwork(command, output), invert });
  for (const prediction of result.predictions) show(prediction, result.classes, top, output);
  const { model, precision, predictions } = result;
  output.event({ event: "end", model, precision, images: predictions.length });
  return 0;
}

function show(prediction: Prediction, classes: readonly ClassName[], top: number, output: Output): void {
  const { name, image, truth, probabilities, predicted } = prediction;
  const ranked = probabilities.map((probability, i) => ({ label: className(classes, i), probability }));
  output.lines(
    renderPrediction(fitted(image), ranked, {
      ...output.style,
      columns: output.terminal.columns,
      title: name,
      top,
      ...(truth !== null && { truth: className(classes, truth) }),
    }),
  );
  output.line();
  output.event({
    event: "prediction",
    image: name,
    predicted,
    label: shortClassName(classes, predicted),
    probability: probabilities[predicted],
    truth,
    probabilities,
  });
}

/** Shrunk, or enlarged, in its own shape. */
function fitted(image: Image): Image {
  const scale = SIDE / Math.max(image.width, image.height);
  const side = (size: number) => Math.max(1, Math.round(size * scale));
  return resample(image, side(image.width), side(image.height));
}
