/** A reliability diagram: for predictions of similar confidence, how many of them are right. */
import type { Calibration } from "../calibration.ts";
import { formatPercent } from "../number_text.ts";
import { svgDocument, text } from "./curves_svg.ts";
import { coordinate as c, escapeXml } from "./xml.ts";

const [WIDTH, HEIGHT, LEFT, TOP, SIDE] = [360, 350, 58, 14, 280];

/** Above its bar, or inside of one that reaches the top. */
function countAt(count: number, x: number, y: number): string {
  const inside = y - TOP < 16;
  return text(
    x,
    inside ? y + 14 : y - 4,
    String(count),
    `${inside ? "cv-on" : "cv-muted"} cv-small`,
    "middle",
  );
}

/** Bars of accuracy, with the diagonal on which a well calibrated classifier has them; the number of images above each. */
export function renderCalibrationSvg(calibration: Calibration, { inline = false } = {}): string {
  const { bins, expectedError } = calibration;
  const x = (share: number) => LEFT + share * SIDE;
  const y = (share: number) => TOP + (1 - share) * SIDE;
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<path class="cv-grid" d="M${c(LEFT)} ${c(y(share))}h${SIDE}"/>`,
    text(LEFT - 8, y(share) + 4.5, String(share), "cv-muted", "end"),
    text(x(share), TOP + SIDE + 18, String(share), "cv-muted", "middle"),
  ]);
  const bars = bins.flatMap((bin) => {
    const { from, to, count, confidence, accuracy } = bin;
    if (count === 0) return [];
    const words =
      `${count} ${count === 1 ? "image" : "images"} with a probability of ${formatPercent(from)} to ${formatPercent(to)}: ` +
      `${formatPercent(accuracy)} right, ${formatPercent(confidence)} on average`;
    return [
      `<rect class="cv-right" fill-opacity="0.75" x="${c(x(from) + 1)}" y="${c(y(accuracy))}" width="${c((to - from) * SIDE - 2)}" ` +
        `height="${c(Math.max(1, accuracy * SIDE))}"><title>${escapeXml(words)}</title></rect>`,
      countAt(count, (x(from) + x(to)) / 2, y(accuracy)),
    ];
  });
  const parts = [
    ...ticks,
    ...bars,
    `<path class="cv-line cv-amber" stroke-dasharray="7 4" d="M${c(x(0))} ${c(y(0))}L${c(x(1))} ${c(y(1))}"/>`,
    `<path class="cv-axis" d="M${c(LEFT)} ${c(TOP)}v${SIDE}h${SIDE}"/>`,
    text(LEFT + SIDE / 2, HEIGHT - 10, "probability of the predicted class", "cv-text", "middle"),
    text(14, TOP + SIDE / 2, "share that is right", "cv-text", "middle", -90),
  ];
  const label = `Reliability diagram: expected calibration error ${formatPercent(expectedError)}`;
  return svgDocument(parts.join("\n"), { width: WIDTH, height: HEIGHT, label, inline });
}
