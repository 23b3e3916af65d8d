/** Networks as drawings. */
import { ArgumentError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { Module } from "../nn/module/module.ts";
import { architectureOf } from "../records/network_architecture.ts";
import { describeLevel, drawingTitle } from "./description.ts";
import { checkedOptions, type DrawOptions } from "./draw_options.ts";
import { Drawing } from "./drawing.ts";
import { className } from "./layer_label.ts";
import { networkInputs } from "./network_input.ts";
import { panelOf, sideBySide } from "./panels.ts";
import { recordNetwork } from "./recording.ts";
import { levelToDraw } from "./sized_level.ts";
import { svgDocument } from "./svg/document.ts";

/**
 * Draws a network, or several side by side, as SVG. What is drawn is recorded from one call of the network: nothing is
 * computed, and neither its weights nor its mode change. Texts are texts; a title and a description are for screen readers.
 *
 * @param net - a network, or a list of networks.
 * @throws ArgumentError for anything but networks, an unknown option, style, language or theme, and if the network's input shape
 *   is not known; ShapeError for a shape that the network does not take.
 * @example
 * ```ts
 * import { draw } from "convoyant/draw";
 * const drawing = draw(models.lenet(), { input: [1, 28, 28], title: "LeNet" });
 * drawing.toSvg().startsWith("<svg"); // true
 * const both = draw([models.lenet(), models.alexnet()], { input: [[1, 28, 28], [1, 224, 224]], style: "volume" });
 * ```
 */
export function draw(net: Module | readonly Module[], options: DrawOptions = {}): Drawing {
  const nets: readonly unknown[] = Array.isArray(net) ? net : [net];
  if (nets.length === 0 || !nets.every((one) => one instanceof Module))
    throw new ArgumentError(
      `draw: expected a network (a Module) or a list of networks, got ${shownValue(net)}`,
    );
  const networks = nets as readonly Module[];
  const checked = checkedOptions(options, nets.length, Array.isArray(net));
  const { style, lang: language, theme, inputs } = checked;
  const titles = checked.titles ?? networks.map((one) => architectureOf(one)?.name ?? className(one));
  const levels = networks.map((one, i) =>
    levelToDraw(recordNetwork(one, networkInputs(one, inputs[i])), checked),
  );
  const panels = levels.map((level, i) => panelOf(level, titles[i], checked));
  const { elements, width, height } = sideBySide(panels, style);
  const title = drawingTitle(titles, style, language);
  const description = levels.map((level, i) => describeLevel(titles[i], level, language)).join("\n");
  const facts = { width, height, title, description, language, theme };
  return new Drawing(svgDocument(elements, facts), facts);
}
