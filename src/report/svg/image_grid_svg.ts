/** Images beside and below each other, with titles, names of axes and a colour bar. */
import { type Image, imageUri } from "../image_uri.ts";
import { significant } from "../number_text.ts";
import { svgDocument, text } from "./curves_svg.ts";
import { coordinate as c } from "./xml.ts";

export interface ImageGrid {
  /** Row by row; null leaves a place empty. */
  readonly images: readonly (Image | null)[];
  readonly columns: number;
  /** One for each image, above it. */
  readonly titles?: readonly string[];
  /** Width of a place, in pixels at natural size; heights follow from the images. */
  readonly cell: number;
  /** Below the last row, and beside the first column. */
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** A bar that says what the colours mean. */
  readonly bar?: ColourBar;
  /** What it is called for those who do not see it. */
  readonly label: string;
}

export interface ColourBar {
  readonly low: number;
  readonly high: number;
  /** Colours from low to high, as CSS writes them. */
  readonly colours: readonly string[];
}

const GAP = 10;
const TITLE = 18;

/** The grid as an SVG document; the images' pixels keep their edges when it is enlarged. */
export function renderImageGrid(grid: ImageGrid): string {
  const { images, columns, titles, cell, xLabel, yLabel, bar, label } = grid;
  const rows = Math.ceil(images.length / columns);
  const above = titles === undefined ? 0 : TITLE;
  const tall = cell * Math.max(...images.map((image) => (image === null ? 0 : image.height / image.width)));
  const left = GAP + (yLabel === undefined ? 0 : TITLE);
  const [across, down] = [columns * (cell + GAP), rows * (above + tall + GAP)];
  const parts = images.flatMap((image, i) => {
    if (image === null) return [];
    const x = left + (i % columns) * (cell + GAP);
    const y = GAP + Math.floor(i / columns) * (above + tall + GAP);
    const title = titles?.[i];
    return [
      title === undefined ? "" : text(x + cell / 2, y + 12, title, "cv-text cv-small", "middle"),
      imageSvg(image, x, y + above, cell),
    ];
  });
  if (xLabel !== undefined) parts.push(text(left + across / 2, GAP + down + 12, xLabel, "cv-text", "middle"));
  if (yLabel !== undefined) parts.push(text(14, GAP + down / 2, yLabel, "cv-text", "middle", -90));
  if (bar !== undefined) parts.push(barSvg(bar, left + across + 4, GAP + above, down - GAP - above));
  const width = left + across + (bar === undefined ? 0 : 70);
  const height = GAP + down + (xLabel === undefined ? 0 : TITLE + 4);
  return svgDocument(parts.filter((part) => part !== "").join("\n"), { width, height, label, inline: false });
}

function imageSvg(image: Image, x: number, y: number, width: number): string {
  const height = (width * image.height) / image.width;
  return (
    `<image x="${c(x)}" y="${c(y)}" width="${c(width)}" height="${c(height)}" preserveAspectRatio="none" ` +
    `style="image-rendering:pixelated" href="${imageUri(image)}"/>`
  );
}

function barSvg({ low, high, colours }: ColourBar, x: number, y: number, height: number): string {
  const stops = colours.map(
    (colour, i) => `<stop offset="${c(i / Math.max(1, colours.length - 1))}" stop-color="${colour}"/>`,
  );
  return [
    `<defs><linearGradient id="bar" x1="0" y1="1" x2="0" y2="0">${stops.join("")}</linearGradient></defs>`,
    `<rect x="${c(x)}" y="${c(y)}" width="12" height="${c(height)}" fill="url(#bar)"/>`,
    text(x + 18, y + 10, significant(high, 3), "cv-muted cv-small"),
    text(x + 18, y + height, significant(low, 3), "cv-muted cv-small"),
  ].join("\n");
}
