/** What is done to images before the network, as part of the graph: `data.transforms.Preprocess` in ONNX. */
import { ArgumentError } from "../../base/errors.ts";
import { int, ints, type OnnxSize } from "../../ops/onnx/conversion.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import type { GraphWriter } from "./graph_writer.ts";
import { resizeGraph, type Side } from "./resize_graph.ts";

const BATCH: OnnxSize = { times: 1 };

/**
 * Adds the input `images`, uint8 [N, H, W, C] with rows from top to bottom, and what is done to it.
 *
 * @param shape - channels, height and width that the network takes.
 * @returns the name of the network's input.
 * @throws ArgumentError for a preprocessing that does not give such images.
 */
export function preprocessingGraph(
  to: GraphWriter,
  preprocessing: Preprocessing,
  shape: readonly [channels: number, height: number, width: number],
): string {
  requireFits(preprocessing, shape);
  const { resize, crop, mean, std } = preprocessing;
  const [channels, height, width] = shape;
  const isOpen = resize !== null || crop !== null;
  const input = to.input("images", "uint8", [
    BATCH,
    ...(isOpen ? ["H", "W"] : [height, width]),
    channels,
  ] as readonly (number | string)[]);
  const planes = to.node("Transpose", [input], { perm: ints([0, 3, 1, 2]) });
  const levels = isOpen ? resized(to, input, planes, preprocessing) : planes;
  const units = to.node("Div", [
    to.node("Cast", [levels], { to: int(1) }),
    to.constant([255], [], "float32"),
  ]);
  if (mean.every((one) => one === 0) && std.every((one) => one === 1)) return units;
  const perChannel = (values: readonly number[]) => to.constant(values, [1, channels, 1, 1], "float32");
  return to.node("Div", [to.node("Sub", [units, perChannel(mean)]), perChannel(std)]);
}

function requireFits({ resize, crop, mean, std }: Preprocessing, shape: readonly number[]): void {
  const [channels, ...plane] = shape;
  if (mean.length !== channels || std.length !== channels)
    throw new ArgumentError(
      `onnx.export: the preprocessing has the mean of ${mean.length} and the deviation of ${std.length} channels, and the ` +
        `network's input has ${channels}`,
    );
  const size = resize?.size;
  if (crop === null && typeof size === "number")
    throw new ArgumentError(
      `onnx.export: the preprocessing leaves images of different shapes (shorter side ${size}, no crop), and the network takes ` +
        `${plane.join(" x ")}: give a \`crop\`, or height and width as \`resize.size\``,
    );
  const given = crop ?? size;
  if (given !== undefined && String(given) !== String(plane))
    throw new ArgumentError(
      `onnx.export: the preprocessing gives images of ${(given as readonly number[]).join(" x ")}, and the network's input is ` +
        `${plane.join(" x ")}; give that shape, another \`preprocessing\`, or null for none`,
    );
  const sides = typeof size === "number" ? [size, size] : size;
  if (crop !== null && sides?.some((side, d) => side < crop[d]))
    throw new ArgumentError(
      `onnx.export: the preprocessing crops ${crop.join(" x ")} out of images that it resizes to ${sides.join(" x ")}; ` +
        "expected a crop that fits into them",
    );
}

/** Images of levels, resized and cropped. */
function resized(to: GraphWriter, input: string, planes: string, { resize, crop }: Preprocessing): string {
  const shape = to.node("Shape", [input]);
  const side = (axis: number) =>
    to.node("Gather", [shape, to.constant([axis], [], "int64")], { axis: int(0) });
  const [height, width] = [side(1), side(2)];
  const [outputHeight, outputWidth] =
    resize === null ? [height, width] : targetSize(to, height, width, resize.size);
  const sides: readonly [Side, Side] = [
    { input: height, output: outputHeight, crop: crop?.[0] ?? null },
    { input: width, output: outputWidth, crop: crop?.[1] ?? null },
  ];
  const isWeighted = resize !== null && resize.interpolation !== "nearest";
  const images = isWeighted ? to.node("Cast", [planes], { to: int(11) }) : planes;
  return resizeGraph(to, images, sides, isWeighted ? resize.interpolation : "nearest");
}

/** Height and width, or the shorter side, with the other in proportion and rounded down. */
function targetSize(
  to: GraphWriter,
  height: string,
  width: string,
  size: number | readonly [number, number],
): [string, string] {
  const number = (value: number) => to.constant([value], [], "int64");
  if (typeof size !== "number") return [number(size[0]), number(size[1])];
  const shorter = to.node("Min", [height, width]);
  const scaled = (side: string) => to.node("Div", [to.node("Mul", [number(size), side]), shorter]);
  return [scaled(height), scaled(width)];
}
