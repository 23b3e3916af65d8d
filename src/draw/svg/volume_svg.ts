/** Feature maps as boxes: front, top and side of each, its size and what made it. */
import { coordinate as c } from "../../report/svg/xml.ts";
import type { Point } from "../layout/scene.ts";
import type { Volume, VolumeScene } from "../layout/volume_layout.ts";
import { textSvg } from "./scene_svg.ts";
import { KIND_CLASSES } from "./theme.ts";

export function volumesSvg({ volumes, lines, windows, arcs }: VolumeScene, at: Point): string[] {
  const p = ({ x, y }: Point) => `${c(at.x + x)} ${c(at.y + y)}`;
  const arrows = lines.map(([from, to]) => `M${p(from)}H${c(at.x + to.x)}`);
  const bows = arcs.map(([from, top, to]) => {
    const height = c(at.y + top);
    return `M${p(from)}C${c(at.x + from.x)} ${height} ${c(at.x + to.x)} ${height} ${p(to)}`;
  });
  const heads = [
    ...lines.map(([, tip]) => `M${p(tip)}l-6 -3.5v7z`),
    ...arcs.map(([, , tip]) => `M${p(tip)}l-3.5 -6h7z`),
  ];
  const links = [...arrows, ...bows].join("");
  return [
    ...(links === "" ? [] : [`<path d="${links}"/>`, `<path class="a" d="${heads.join("")}"/>`]),
    ...volumes.flatMap((volume) => volumeSvg(volume, at)),
    ...windows.map(([corners, to]) => {
      const [near, far, back, low] = corners;
      return `<path class="w" d="M${p(near)}L${p(far)}L${p(back)}L${p(low)}zM${p(far)}L${p(to)}L${p(back)}"/>`;
    }),
  ];
}

function volumeSvg({ part, x, y, width, height, depth, texts }: Volume, at: Point): string[] {
  const kind = part.type === "box" ? KIND_CLASSES[part.label.kind] : KIND_CLASSES.other;
  const [left, top] = [at.x + x, at.y + y];
  const [dx, dy] = [c(depth.x), c(-depth.y)];
  const back = `${dx} ${dy}`;
  const faces =
    `<path class="${kind}" d="M${c(left)} ${c(top)}l${back}h${c(width)}l${c(-depth.x)} ${c(depth.y)}z` +
    `M${c(left + width)} ${c(top)}l${back}v${c(height)}l${c(-depth.x)} ${c(depth.y)}z"/>`;
  const front = `<rect class="${kind}" x="${c(left)}" y="${c(top)}" width="${c(width)}" height="${c(height)}"/>`;
  return [
    faces,
    front,
    ...texts.map(({ text, at: place, strong }) =>
      textSvg(text, at.x + place.x, at.y + place.y, strong ? "v b" : "d"),
    ),
  ];
}
