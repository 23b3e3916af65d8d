/** What a network is called with to be drawn: shapes that are given, or that the network is known to take. */
import { ArgumentError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Module } from "../nn/module/module.ts";
import { inputShapeOf } from "../records/input_shape.ts";
import { preprocessingOf } from "../records/preprocessing.ts";
import { zeros } from "../tensor/filled.ts";
import { Tensor } from "../tensor/tensor.ts";
import { fittingShape } from "./fitting_shape.ts";

/** The shape of an input without the batch, as [channels, height, width], or a tensor with it. */
export type DrawInput = readonly number[] | Tensor;

/** No network takes an input of more dimensions, or of more elements. */
const MOST_DIMENSIONS = 8;
const MOST_ELEMENTS = 2 ** 31;

/**
 * Tensors to call a network with; they are only described, not filled.
 *
 * @throws ArgumentError for a wrong shape, and if none is given and the network does not say what it takes.
 */
export function networkInputs(net: Module, input: unknown): Tensor[] {
  if (input === undefined || input === null) return inferredInputs(net);
  const list = isSeveral(input) ? input : [input];
  return list.map(inputTensor);
}

/** A list of shapes or tensors, one for each argument of the network. */
export function isSeveral(input: unknown): input is readonly unknown[] {
  return Array.isArray(input) && input.length > 0 && typeof input[0] !== "number";
}

function inputTensor(input: unknown): Tensor {
  if (input instanceof Tensor) return input;
  const isShape =
    Array.isArray(input) &&
    input.length <= MOST_DIMENSIONS &&
    input.every((size) => Number.isSafeInteger(size) && (size as number) > 0) &&
    (input as number[]).reduce((product, size) => product * size, 1) <= MOST_ELEMENTS;
  if (!isShape)
    throw new ArgumentError(
      `draw: expected \`input\` to be the shape of one input without the batch, such as [1, 28, 28], a tensor with the batch, or a ` +
        `list of them, one for each argument of the network; got ${shownValue(input)}`,
    );
  return zeros([1, ...(input as number[])]);
}

function inferredInputs(net: Module): Tensor[] {
  const declared = declaredInputs(net);
  if (declared !== null) return declared.map(declaredInput);
  const shape = preprocessedShape(net);
  if (shape !== undefined) return [zeros([1, ...shape])];
  const taken = inputShapeOf(net) ?? fittingShape(net);
  if (taken !== undefined) return [zeros([1, ...taken])];
  throw unknownShape(
    `draw: the input shape of the network (${net.constructor.name.slice(0, 80)}) is not known`,
  );
}

/** The shape of images as a network's preprocessing leaves them; undefined if none is known, or sizes are left as they are. */
export function preprocessedShape(net: Module): readonly number[] | undefined {
  const preprocessing = preprocessingOf(net);
  const size = preprocessing?.crop ?? preprocessing?.resize?.size;
  if (preprocessing === undefined || !Array.isArray(size)) return undefined;
  return [preprocessing.mean.length, ...(size as number[])];
}

function unknownShape(problem: string): ArgumentError {
  const cure = ": pass it without the batch, as in draw(net, { input: [3, 224, 224] })";
  return new ArgumentError(problem, { cure, reason: "input shape" });
}

/** An input as a network from a file in ONNX declares it. */
interface DeclaredInput {
  readonly name: string;
  readonly dtype: string | undefined;
  readonly shape: readonly (number | string)[] | undefined;
}

/** What such a network says; it is not imported here, since pages draw without ONNX. */
function declaredInputs(net: Module): readonly DeclaredInput[] | null {
  const { inputs, opset } = net as { inputs?: unknown; opset?: unknown };
  return Array.isArray(inputs) && typeof opset === "number" ? (inputs as DeclaredInput[]) : null;
}

function declaredInput({ name, dtype, shape }: DeclaredInput): Tensor {
  const sizes = shape?.map((size, d) => (d === 0 && isFree(size) ? 1 : size));
  if (sizes === undefined || sizes.some(isFree)) {
    const sizesText = shape === undefined ? "" : ` ([${shape.join(", ").slice(0, 80)}])`;
    throw unknownShape(`draw: the file does not say how large its input ${name.slice(0, 80)} is${sizesText}`);
  }
  return zeros(sizes as number[], { dtype: (dtype ?? "float32") as "float32" });
}

const isFree = (size: number | string): boolean => typeof size === "string" || size < 0;
