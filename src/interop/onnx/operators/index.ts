/** All operators that are computed, by name. */
import type { OnnxOperator } from "../operator.ts";
import { ACTIVATIONS } from "./activation.ts";
import { CONSTANTS } from "./constants.ts";
import { CONTROL } from "./control.ts";
import { CONVOLUTIONS } from "./convolution.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { LINEAR } from "./linear.ts";
import { NORMALIZATION } from "./normalization.ts";
import { POOLS } from "./pooling.ts";
import { REDUCTIONS } from "./reduction.ts";
import { RESIZING } from "./resize.ts";
import { SELECTIONS } from "./selection.ts";
import { SHAPES } from "./shape.ts";

/** By family, in the order in which they are documented. */
export const FAMILIES: readonly (readonly [
  family: string,
  operators: Readonly<Record<string, OnnxOperator>>,
])[] = [
  ["Convolutions and products", { ...CONVOLUTIONS, ...LINEAR }],
  ["Activations", ACTIVATIONS],
  ["Pools", POOLS],
  ["Normalisation", NORMALIZATION],
  ["Element by element", ELEMENTWISE],
  ["Reductions", REDUCTIONS],
  ["Shapes", SHAPES],
  ["Parts of tensors", SELECTIONS],
  ["Resizing", RESIZING],
  ["Constants and sizes", CONSTANTS],
  ["Choices", CONTROL],
];

export const OPERATORS: ReadonlyMap<string, OnnxOperator> = new Map(
  FAMILIES.flatMap(([, operators]) => Object.entries(operators)),
);
