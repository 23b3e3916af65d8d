/** Points of a network's features in the plane. */
import { ShapeError } from "../../base/errors.ts";
import { type ClassName, className, shortClassName } from "../../records/class_names.ts";
import type { Image } from "../../records/image.ts";
import { significant } from "../../report/number_text.ts";
import { isPhoto, photoUri } from "../../report/photo_uri.ts";
import { coordinate as c } from "../../report/svg/xml.ts";
import type { NearestPoints } from "../embedding/neighbourhoods.ts";
import type { Points } from "../embedding/points.ts";
import { finiteRange } from "../heat_map.ts";
import type { DrawnFigure, MarkFill } from "./figure.ts";
import { Sheet, shortNumber } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** What `embeddingFigure` takes beside the places. */
export interface EmbeddingFigureOptions extends FigureOptions {
  /** How the places were found. */
  readonly method: "pca" | "tsne";
  /** The class of each point. */
  readonly labels: ArrayLike<number>;
  readonly classNames?: readonly ClassName[];
  /** An image of each point, shown while the pointer is on it. */
  readonly images?: readonly Image[];
  /** Of t-SNE. */
  readonly divergence?: number;
}

/** Okabe and Ito's colours and shades of them, told apart by colour-blind readers; the rest is grey. */
const CLASS_COLOURS: readonly MarkFill[] = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#8c6bb1",
  "#b8a800",
  "#7f5539",
  "#6b7785",
];

/** The thumbnail's side. */
const THUMBNAIL = 96;

/**
 * Points in the plane in the colours of their classes. With `images` the image of a point is shown in the corner while the
 * pointer is on it (in SVG and HTML).
 *
 * @param places - two columns.
 * @throws ShapeError for other numbers of columns, labels or images.
 * @example
 * ```ts
 * import { embeddingFigure } from "convoyant/look";
 * const places = { rows: 3, columns: 2, data: Float64Array.of(0, 0, 1, 0, 0, 1) };
 * const figure = embeddingFigure(places, { method: "pca", labels: [0, 1, 1], classNames: ["cat", "dog"] });
 * figure.marks.filter(({ kind }) => kind === "circle").length; // 5
 * ```
 */
export function embeddingFigure(places: Points, options: EmbeddingFigureOptions): DrawnFigure {
  const { rows, columns, data } = places;
  const { labels, images, classNames, method, divergence } = options;
  if (columns !== 2 || labels.length !== rows || (images !== undefined && images.length !== rows))
    throw new ShapeError(
      `embeddingFigure: expected two columns and a label and an image for each of ${rows} points, got ${columns} columns, ` +
        `${labels.length} labels${images === undefined ? "" : ` and ${images.length} images`}`,
    );
  const words = wordsIn(options.lang);
  const sheet = new Sheet(widthOf(options)).text(words.embedding(method), "title");
  sheet.text(words.pointCount(rows));
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const colour = (label: number): MarkFill => CLASS_COLOURS[classes.indexOf(label)] ?? "muted";
  const named = classes.slice(0, CLASS_COLOURS.length);
  sheet.legend(
    named.map((label) => ({ fill: colour(label), name: nameIn(options.lang, classNames, label) })),
  );
  if (classes.length > named.length) sheet.text(words.otherClasses(classes.length - named.length));
  const corner = images === undefined ? 0 : THUMBNAIL + 12;
  if (images !== undefined) sheet.text(words.pointAt);
  const { at, tall } = scaled(data, Math.min(sheet.inner, 640));
  const top = sheet.top + corner;
  for (let i = 0; i < rows; i++) {
    const image = images?.[i];
    sheet.add({
      kind: "circle",
      x: sheet.left + at(i, 0),
      y: top + at(i, 1),
      r: rows > 500 ? 3 : 4,
      fill: colour(labels[i]),
      title: shortClassName(classNames, labels[i]),
      ...(image !== undefined && { thumbnail: thumbnail(image, sheet.left, sheet.top) }),
    });
  }
  sheet.skip(corner + tall + 8);
  const value = divergence === undefined ? "–" : significant(divergence, 4);
  sheet.text(method === "pca" ? words.components : words.divergence(value));
  return sheet.figure(words.embedding(method));
}

/** A class's name: in Chinese figures with the Chinese one. */
const nameIn = (lang: unknown, names: readonly ClassName[] | undefined, label: number): string =>
  lang === "zh" ? className(names, label) : shortClassName(names, label);

/** A class's name in one language. */
function oneName(lang: unknown, names: readonly ClassName[] | undefined, label: number): string {
  const name = names?.[label];
  const chinese = typeof name === "object" ? name.zh : undefined;
  return (lang === "zh" ? chinese : undefined) ?? shortClassName(names, label);
}

/** Places in a rectangle of a width, both axes in one proportion. */
function scaled(
  data: ArrayLike<number>,
  wide: number,
): { at: (row: number, axis: 0 | 1) => number; tall: number } {
  const margin = 8;
  const ends = ([0, 1] as const).map((axis) =>
    finiteRange(Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + axis])),
  );
  const [across, down] = ends.map(([low, high]) => high - low);
  // At most as tall as it is wide.
  const scale = (wide - 2 * margin) / (Math.max(across, down) || 1);
  const at = (row: number, axis: 0 | 1) => {
    const value = data[2 * row + axis];
    return margin + scale * (axis === 0 ? value - ends[0][0] : ends[1][1] - value);
  };
  return { at, tall: 2 * margin + scale * down };
}

/** Photographs become small files, small images stay as they are. */
function thumbnail(image: Image, x: number, y: number): string {
  const wide = THUMBNAIL * Math.min(1, image.width / image.height);
  const tall = THUMBNAIL * Math.min(1, image.height / image.width);
  const style = isPhoto(image) ? "" : ' style="image-rendering:pixelated"';
  return (
    `<image class="cv-thumb" x="${c(x)}" y="${c(y)}" width="${c(wide)}" height="${c(tall)}"${style} ` +
    `href="${photoUri(image, THUMBNAIL)}"/>`
  );
}

/** What `neighboursFigure` takes beside the neighbours. */
export interface NeighboursFigureOptions extends FigureOptions {
  /** An image of each point. */
  readonly images: readonly Image[];
  /** The class of each point. */
  readonly labels: ArrayLike<number>;
  readonly classNames?: readonly ClassName[];
  /** The points that are shown, each in a row. Default: the first eight. */
  readonly points?: readonly number[];
}

/**
 * Images with those that are nearest to them in a network's features.
 *
 * @example
 * ```ts
 * import { nearestNeighbours, neighboursFigure } from "convoyant/look";
 * const image = { width: 2, height: 2, channels: 1, data: new Uint8Array(4) } as const;
 * const found = nearestNeighbours({ rows: 3, columns: 1, data: Float64Array.of(0, 1, 5) }, 2);
 * const figure = neighboursFigure(found, { images: [image, image, image], labels: [0, 1, 1] });
 * figure.marks.filter(({ kind }) => kind === "image").length; // 9
 * ```
 */
export function neighboursFigure(
  found: readonly NearestPoints[],
  options: NeighboursFigureOptions,
): DrawnFigure {
  const { images, labels, classNames } = options;
  const points = options.points ?? found.slice(0, 8).map((_, i) => i);
  const words = wordsIn(options.lang);
  const sheet = new Sheet(widthOf(options)).text(words.neighbours, "title").text(words.neighbourRow);
  const name = (point: number) => oneName(options.lang, classNames, labels[point]);
  for (const point of points) {
    const { rows, distances } = found[point];
    const cell = Math.max(52, Math.min(96, Math.floor((sheet.inner - 10 * rows.length) / (rows.length + 1))));
    const fit = Math.max(1, Math.floor((sheet.inner + 10) / (cell + 10)) - 1);
    sheet.panels(
      [
        { image: images[point], title: name(point), note: "" },
        ...rows.slice(0, fit).map((row, i) => ({
          image: images[row],
          title: name(row),
          note: shortNumber(distances[i]),
        })),
      ],
      cell,
      { photos: true },
    );
  }
  return sheet.figure(words.neighbours);
}
