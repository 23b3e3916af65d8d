/** The drawings of several networks in one image, each under its title. */

import { fittedText, textWidth } from "../report/svg/text_width.ts";
import type { CheckedOptions, DrawStyle } from "./draw_options.ts";
import { layoutLevel } from "./layout/level_layout.ts";
import { clean } from "./layout/part_text.ts";
import type { Extent, Point } from "./layout/scene.ts";
import { layoutVolumes } from "./layout/volume_layout.ts";
import type { Level } from "./parts.ts";
import { sceneSvg, textSvg } from "./svg/scene_svg.ts";
import { volumesSvg } from "./svg/volume_svg.ts";

/** One network's drawing, still without a place. */
export interface Panel extends Extent {
  readonly elements: (at: Point) => string[];
}

const MARGIN = 20;
const BETWEEN = 56;
const HEADING = { size: 15, height: 34, widest: 600 };

export function panelOf(level: Level, title: string, { style, lang, width: most }: CheckedOptions): Panel {
  const drawn = style === "volume" ? volumePanel(level, lang, most) : scenePanel(level, lang, style);
  const heading = fittedText(clean(title), HEADING.size, HEADING.widest, true);
  const width = Math.max(drawn.width, textWidth(heading, HEADING.size, true));
  return {
    width,
    height: drawn.height + HEADING.height,
    elements: ({ x, y }) => [
      textSvg(heading, x + width / 2, y + HEADING.size, "h"),
      ...drawn.elements({ x: x + Math.round((width - drawn.width) / 2), y: y + HEADING.height }),
    ],
  };
}

function scenePanel(level: Level, language: CheckedOptions["lang"], style: DrawStyle): Panel {
  // The chapter's figures are read from below.
  // What the network gives needs not meet anywhere.
  const scene = layoutLevel({ ...level, results: [] }, language, style === "book" ? "up" : "down");
  return { width: scene.width, height: scene.height, elements: (at) => sceneSvg(scene, at) };
}

function volumePanel(level: Level, language: CheckedOptions["lang"], most: number): Panel {
  const scene = layoutVolumes(level, language, most);
  return { width: scene.width, height: scene.height, elements: (at) => volumesSvg(scene, at) };
}

/** Networks beside each other, on one line where they begin; feature maps, which are wide, below each other. */
export function sideBySide(
  panels: readonly Panel[],
  style: DrawStyle,
): Extent & { readonly elements: string[] } {
  const [widths, heights] = [panels.map(({ width }) => width), panels.map(({ height }) => height)];
  const sum = (sizes: readonly number[]) =>
    sizes.reduce((total, size) => total + size, BETWEEN * (panels.length - 1));
  const stacked = style === "volume";
  const width = stacked ? Math.max(...widths) : sum(widths);
  const height = stacked ? sum(heights) : Math.max(...heights);
  let [x, y] = [MARGIN, MARGIN];
  const elements = panels.flatMap((panel) => {
    const at = { x, y: style === "book" ? MARGIN + height - panel.height : y };
    if (stacked) y += panel.height + BETWEEN;
    else x += panel.width + BETWEEN;
    return panel.elements(at);
  });
  return { width: Math.ceil(width) + 2 * MARGIN, height: Math.ceil(height) + 2 * MARGIN, elements };
}
