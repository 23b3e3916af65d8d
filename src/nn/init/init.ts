/**
 * Initial values of weights (`nn.init`). Every function fills a tensor in place and returns it; the numbers come
 * from the default generator (`manualSeed`) or the one given.
 *
 * Sources: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
 * AISTATS 2010 (Xavier); K. He et al., "Delving deep into rectifiers", ICCV 2015 (Kaiming).
 */

import type { TypedArray } from "../../base/dtype.ts";
import { ArgumentError, didYouMean, ShapeError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { CallArguments, CheckedNames, Positional } from "../../base/params/call_types.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { deferredValue } from "../../graph/deferred_value.ts";
import type { Generator } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import {
  filledValue,
  keyFrom,
  normalValue,
  overwrite,
  truncatedNormalValue,
  uniformValue,
} from "./initial_values.ts";
import { orthogonalRows } from "./orthogonal.ts";
import { fillNormal } from "./random_fill.ts";

/** What every function of `nn.init` takes. */
export interface FillParameters {
  /** The tensor that is filled in place. */
  tensor: Tensor;
}

/** What those take that draw numbers. */
export interface RandomParameters extends FillParameters {
  /** Where the numbers come from; null for the default generator. @default null */
  generator?: Generator | null;
}

/** A function of `nn.init`: checks its tensor, fills it and returns it. */
function initializer<Doc extends FillParameters>(name: string) {
  return <const N extends readonly string[], P extends Positional<Doc, N>>(
    names: N & CheckedNames<Doc, N>,
    fill: (...args: P) => void,
  ): ((...args: CallArguments<Doc, N, P>) => Tensor) => {
    const table = parameterTable<Doc>(name)(names, (...args: P): Tensor => {
      const [tensor] = args as readonly unknown[];
      if (!(tensor instanceof Tensor)) throw new ArgumentError(`${name}: expected \`tensor\` to be a Tensor`);
      fill(...args);
      return tensor;
    });
    const call = (...args: readonly unknown[]): Tensor => table.bind(args);
    Object.defineProperty(call, "name", { value: name });
    return call;
  };
}

export interface UniformParameters extends RandomParameters {
  /** Lower bound. @default 0 */
  a?: number;
  /** Upper bound. @default 1 */
  b?: number;
}
/**
 * U(a, b), 0 to 1 if they are not given.
 *
 * @example
 * ```ts
 * nn.init.uniform_(zeros(3, 5), -0.1, 0.1).shape; // [3, 5]
 * ```
 */
export const uniform_ = initializer<UniformParameters>("uniform_")(
  ["tensor", "a?", "b?", "generator?"],
  (tensor, a = 0, b = 1, generator) => overwrite(tensor, uniformValue(tensor.cell.value, a, b, generator)),
);

export interface NormalInitParameters extends RandomParameters {
  /** Mean. @default 0 */
  mean?: number;
  /** Standard deviation. @default 1 */
  std?: number;
}
/**
 * N(mean, std^2), 0 and 1 if they are not given.
 *
 * @example
 * ```ts
 * nn.init.normal_(zeros(3, 5), { std: 0.01 }).shape; // [3, 5]
 * ```
 */
export const normal_ = initializer<NormalInitParameters>("normal_")(
  ["tensor", "mean?", "std?", "generator?"],
  (tensor, mean = 0, std = 1, generator) =>
    overwrite(tensor, normalValue(tensor.cell.value, mean, std, generator)),
);

export interface TruncatedNormalParameters extends RandomParameters {
  /** Mean before the cut. @default 0 */
  mean?: number;
  /** Standard deviation before the cut. @default 1 */
  std?: number;
  /** Lower bound. @default -2 */
  a?: number;
  /** Upper bound. @default 2 */
  b?: number;
}
/**
 * N(mean, std^2), drawn again if it lies outside of [a, b] (-2 and 2 if they are not given).
 *
 * @example
 * ```ts
 * nn.init.truncNormal_(zeros(3, 5), { std: 0.02 }).shape; // [3, 5]
 * ```
 */
export const truncNormal_ = initializer<TruncatedNormalParameters>("truncNormal_")(
  ["tensor", "mean?", "std?", "a?", "b?", "generator?"],
  (tensor, mean = 0, std = 1, a = -2, b = 2, generator) => {
    if (!(a < b))
      throw new ArgumentError(`truncNormal_: expected \`a\` to be below \`b\`, got ${a} and ${b}`);
    overwrite(tensor, truncatedNormalValue(tensor.cell.value, mean, std, { low: a, high: b }, generator));
  },
);

export interface ConstantParameters extends FillParameters {
  /** What every element is. */
  val: number;
}
/**
 * One number everywhere.
 *
 * @example
 * ```ts
 * nn.init.constant_(zeros(2), 0.5).tolist(); // [0.5, 0.5]
 * ```
 */
export const constant_ = initializer<ConstantParameters>("constant_")(["tensor", "val"], (tensor, val) =>
  overwrite(tensor, filledValue(tensor.cell.value.shape, tensor.dtype, val)),
);

/**
 * 0 everywhere.
 *
 * @example
 * ```ts
 * nn.init.zeros_(ones(2)).tolist(); // [0, 0]
 * ```
 */
export const zeros_ = initializer<FillParameters>("zeros_")(["tensor"], (tensor) => constant_(tensor, 0));
/**
 * 1 everywhere.
 *
 * @example
 * ```ts
 * nn.init.ones_(zeros(2)).tolist(); // [1, 1]
 * ```
 */
export const ones_ = initializer<FillParameters>("ones_")(["tensor"], (tensor) => constant_(tensor, 1));

/**
 * Ones on the diagonal of a matrix.
 *
 * @example
 * ```ts
 * nn.init.eye_(zeros(2, 2)).tolist(); // [[1, 0], [0, 1]]
 * ```
 */
export const eye_ = initializer<FillParameters>("eye_")(["tensor"], (tensor) => {
  const { shape, dtype } = tensor.cell.value;
  if (shape.length !== 2) throw new ShapeError(`eye_: expected a matrix, got ${formatShape(shape)}`);
  overwrite(
    tensor,
    deferredValue(shape, dtype, (out) => {
      for (let i = 0; i < Math.min(shape[0], shape[1]); i++) out[i * shape[1] + i] = 1;
    }),
  );
});

export interface DiracParameters extends FillParameters {
  /** Groups of channels that are handed through apart. @default 1 */
  groups?: number;
}
/**
 * A convolution that passes its input channels through.
 *
 * @example
 * ```ts
 * nn.init.dirac_(zeros(1, 1, 1, 3)).tolist(); // [[[[0, 1, 0]]]]
 * ```
 */
export const dirac_ = initializer<DiracParameters>("dirac_")(["tensor", "groups?"], (tensor, groups = 1) => {
  const { shape, dtype } = tensor.cell.value;
  if (shape.length < 3 || shape.length > 5) {
    throw new ShapeError(`dirac_: expected a weight of 3 to 5 dimensions, got ${formatShape(shape)}`);
  }
  if (shape[0] % groups !== 0)
    throw new ArgumentError(
      `dirac_: expected ${shape[0]} output channels to be divisible by ${groups} groups`,
    );
  overwrite(
    tensor,
    deferredValue(shape, dtype, (out) => fillDirac(out, shape, groups)),
  );
});

function fillDirac(out: TypedArray, shape: Shape, groups: number): void {
  const [outputs, inputs, ...window] = shape;
  const size = window.reduce((a, b) => a * b, 1);
  const centre = window.reduce((at, length) => at * length + Math.floor(length / 2), 0);
  const perGroup = outputs / groups;
  for (let group = 0; group < groups; group++) {
    for (let d = 0; d < Math.min(perGroup, inputs); d++)
      out[((group * perGroup + d) * inputs + d) * size + centre] = 1;
  }
}

/**
 * How many inputs a weight's output sums, and how many outputs an input reaches.
 *
 * @example
 * ```ts
 * nn.init.calculateFanInAndFanOut(zeros(96, 1, 11, 11)); // [121, 11616]
 * ```
 */
export function calculateFanInAndFanOut(tensor: Tensor): [fanIn: number, fanOut: number] {
  const { shape } = tensor.cell.value;
  if (shape.length < 2) {
    throw new ShapeError(
      `fan in and fan out exist for tensors of at least 2 dimensions, got ${formatShape(shape)}`,
    );
  }
  const window = shape.slice(2).reduce((a, b) => a * b, 1);
  return [shape[1] * window, shape[0] * window];
}

export interface XavierParameters extends RandomParameters {
  /** Factor for the activation behind the layer; see `calculateGain`. @default 1 */
  gain?: number;
}
/**
 * U(-a, a) with a = gain sqrt(6 / (fanIn + fanOut)).
 *
 * @example
 * ```ts
 * net.apply((module) => {
 *   if (module instanceof nn.Linear) nn.init.xavierUniform_(module.weight);
 * });
 * ```
 */
export const xavierUniform_ = initializer<XavierParameters>("xavierUniform_")(
  ["tensor", "gain?", "generator?"],
  (tensor, gain = 1, generator) => {
    const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
    overwrite(tensor, uniformValue(tensor.cell.value, -bound, bound, generator));
  },
);

/**
 * N(0, std^2) with std = gain sqrt(2 / (fanIn + fanOut)).
 *
 * @example
 * ```ts
 * nn.init.xavierNormal_(zeros(3, 5)).shape; // [3, 5]
 * ```
 */
export const xavierNormal_ = initializer<XavierParameters>("xavierNormal_")(
  ["tensor", "gain?", "generator?"],
  (tensor, gain = 1, generator) => {
    const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
    overwrite(tensor, normalValue(tensor.cell.value, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), generator));
  },
);

export type FanMode = "fan_in" | "fan_out" | "fanIn" | "fanOut";
const FAN_MODES: readonly string[] = ["fan_in", "fan_out", "fanIn", "fanOut"];

export interface KaimingParameters extends RandomParameters {
  /** Negative slope of the leaky ReLU behind the layer. @default 0 */
  a?: number;
  /** Whose variance is kept: that of the outputs ("fan_in") or that of the gradients ("fan_out"). @default "fan_in" */
  mode?: FanMode;
  /** The activation behind the layer, under PyTorch's name; see `calculateGain`. @default "leaky_relu" */
  nonlinearity?: string;
}
const KAIMING = ["tensor", "a?", "mode?", "nonlinearity?", "generator?"] as const;

function kaimingDeviation(
  of: string,
  tensor: Tensor,
  a: number,
  mode: FanMode,
  nonlinearity: string,
): number {
  if (!FAN_MODES.includes(mode)) {
    throw new ArgumentError(
      `${of}: unknown mode "${mode}"${didYouMean(mode, FAN_MODES)} (expected fan_in, fan_out)`,
    );
  }
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
  const fan = mode === "fan_in" || mode === "fanIn" ? fanIn : fanOut;
  return calculateGain(nonlinearity, a) / Math.sqrt(fan);
}

/**
 * U(-b, b) with b = gain sqrt(3 / fan).
 *
 * @example
 * ```ts
 * nn.init.kaimingUniform_(zeros(3, 5), { nonlinearity: "relu" }).shape; // [3, 5]
 * ```
 */
export const kaimingUniform_ = initializer<KaimingParameters>("kaimingUniform_")(
  KAIMING,
  (tensor, a = 0, mode = "fan_in", nonlinearity = "leaky_relu", generator) => {
    const bound = Math.sqrt(3) * kaimingDeviation("kaimingUniform_", tensor, a, mode, nonlinearity);
    overwrite(tensor, uniformValue(tensor.cell.value, -bound, bound, generator));
  },
);

/**
 * N(0, std^2) with std = gain / sqrt(fan).
 *
 * @example
 * ```ts
 * nn.init.kaimingNormal_(zeros(3, 5), { mode: "fan_out", nonlinearity: "relu" }).shape; // [3, 5]
 * ```
 */
export const kaimingNormal_ = initializer<KaimingParameters>("kaimingNormal_")(
  KAIMING,
  (tensor, a = 0, mode = "fan_in", nonlinearity = "leaky_relu", generator) => {
    const std = kaimingDeviation("kaimingNormal_", tensor, a, mode, nonlinearity);
    overwrite(tensor, normalValue(tensor.cell.value, 0, std, generator));
  },
);

export interface OrthogonalParameters extends RandomParameters {
  /** Factor of the matrix. @default 1 */
  gain?: number;
}
/**
 * A (semi-)orthogonal matrix times `gain`; dimensions after the first count as one.
 *
 * Source: A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in
 * deep linear neural networks", 2013.
 *
 * @example
 * ```ts
 * const w = nn.init.orthogonal_(zeros(2, 3));
 * w.matmul(w.t()).tolist(); // [[1.0000, 0.0000], [0.0000, 1.0000]]
 * ```
 */
export const orthogonal_ = initializer<OrthogonalParameters>("orthogonal_")(
  ["tensor", "gain?", "generator?"],
  (tensor, gain = 1, generator) => {
    const { shape, dtype } = tensor.cell.value;
    if (shape.length < 2)
      throw new ShapeError(`orthogonal_: expected at least 2 dimensions, got ${formatShape(shape)}`);
    const key = keyFrom(generator);
    const rows = shape[0];
    const columns = shape.slice(1).reduce((a, b) => a * b, 1);
    overwrite(
      tensor,
      deferredValue(shape, dtype, (out) => {
        const draws = new Float64Array(rows * columns);
        fillNormal(draws, key, 0, 1);
        const matrix = orthogonalRows(draws, rows, columns);
        for (let i = 0; i < matrix.length; i++) out[i] = gain * matrix[i];
      }),
    );
  },
);

export interface SparseParameters extends RandomParameters {
  /** Share of each column that is 0, 0 to 1. */
  sparsity: number;
  /** Standard deviation of the other elements. @default 0.01 */
  std?: number;
}
/**
 * N(0, std^2) with a share of `sparsity` zeros in each column of a matrix.
 *
 * @example
 * ```ts
 * nn.init.sparse_(zeros(10, 4), { sparsity: 0.5 }).shape; // [10, 4]
 * ```
 */
export const sparse_ = initializer<SparseParameters>("sparse_")(
  ["tensor", "sparsity", "std?", "generator?"],
  (tensor, sparsity, std = 0.01, generator) => {
    const { shape, dtype } = tensor.cell.value;
    if (shape.length !== 2) throw new ShapeError(`sparse_: expected a matrix, got ${formatShape(shape)}`);
    const [rows, columns] = shape;
    const zeros = Math.ceil(sparsity * rows);
    const [values, order] = [keyFrom(generator), keyFrom(generator)];
    overwrite(
      tensor,
      deferredValue(shape, dtype, (out) => {
        fillNormal(out, values, 0, std);
        const ranks = new Float64Array(rows * columns);
        fillNormal(ranks, order, 0, 1);
        for (let c = 0; c < columns; c++) {
          const chosen = Array.from({ length: rows }, (_, r) => r).sort(
            (a, b) => ranks[a * columns + c] - ranks[b * columns + c],
          );
          for (const r of chosen.slice(0, zeros)) out[r * columns + c] = 0;
        }
      }),
    );
  },
);

const GAINS: Readonly<Record<string, number>> = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  conv_transpose1d: 1,
  conv_transpose2d: 1,
  conv_transpose3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.sqrt(2),
  selu: 3 / 4,
};

/**
 * The factor that keeps the variance of a layer's output, by the activation behind it.
 *
 * @param nonlinearity - PyTorch's name (`"relu"`, `"leaky_relu"`, `"tanh"`, ...).
 * @param param - negative slope of `"leaky_relu"`, 0.01 if it is not given.
 * @example
 * ```ts
 * nn.init.calculateGain("relu"); // 1.41421
 * ```
 */
export function calculateGain(nonlinearity: string, param: number | null = null): number {
  const name = nonlinearity.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (name === "leaky_relu") return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
  const gain = GAINS[name];
  if (gain === undefined) {
    const known = [...Object.keys(GAINS), "leaky_relu"];
    throw new ArgumentError(
      `calculateGain: unknown nonlinearity "${nonlinearity}"${didYouMean(name, known)} (expected ${known.join(", ")})`,
    );
  }
  return gain;
}
