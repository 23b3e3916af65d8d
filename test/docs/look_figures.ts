/** The figures of docs/look.md, drawn from numbers that were recorded of one run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  attributionFigure,
  embeddingFigure,
  figureSvg,
  filmstripFigure,
  maximiseFigure,
} from "../../src/look/index.ts";
import { parseFirstLayer } from "../../src/train/runs/first_layer.ts";
import { root } from "../architecture/sources.ts";

/** Grey levels, as base64. */
export interface RecordedImage {
  readonly width: number;
  readonly height: number;
  readonly levels: string;
}

/** What `write_look_figures.ts` has computed. */
export interface RecordedLook {
  readonly classNames: readonly { readonly en: string; readonly zh: string }[];
  /** Lines of the run's first_layer.jsonl. */
  readonly firstLayer: readonly string[];
  readonly cam: {
    readonly image: RecordedImage;
    readonly width: number;
    readonly height: number;
    readonly values: readonly number[];
    readonly classIndex: number;
    readonly layer: string;
  };
  readonly embedding: {
    readonly places: readonly number[];
    readonly labels: readonly number[];
    readonly divergence: number;
  };
  /** An image for each class, and how active the class was at first and in the end. */
  readonly maximised: readonly { readonly image: RecordedImage; readonly ends: readonly [number, number] }[];
}

/** Where the numbers stand. */
export const RECORD = join(root, "test/fixtures/look/figures.json");

/** The figures by the names of their files. */
export function lookFigures(): Record<string, string> {
  const { classNames, firstLayer, cam, embedding, maximised } = JSON.parse(
    readFileSync(RECORD, "utf8"),
  ) as RecordedLook;
  const { places, labels, divergence } = embedding;
  const points = { rows: labels.length, columns: 2, data: Float64Array.from(places) };
  const map = { ...cam, values: Float32Array.from(cam.values) };
  const { en: className } = classNames[cam.classIndex];
  const units = maximised.map(({ ends }, unit) => ({
    unit,
    layer: "",
    values: ends,
    input: new Float32Array(0),
    shape: [1, 28, 28] as const,
  }));
  const figures = {
    "look-filmstrip": filmstripFigure(parseFirstLayer(firstLayer.join("\n"))),
    "look-grad-cam": attributionFigure(imageOf(cam.image), map, {
      what: "grad-cam",
      className,
      layer: cam.layer,
    }),
    "look-embedding": embeddingFigure(points, { method: "tsne", labels, classNames, divergence }),
    "look-maximise": maximiseFigure(units, {
      images: maximised.map(({ image }) => imageOf(image)),
      names: classNames.map(({ en }) => en),
    }),
  };
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [`${name}.svg`, figureSvg(figure)]),
  );
}

function imageOf({ width, height, levels }: RecordedImage) {
  return { width, height, channels: 1, data: Uint8Array.from(Buffer.from(levels, "base64")) } as const;
}
