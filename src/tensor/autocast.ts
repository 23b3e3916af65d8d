/**
 * Mixed precision: inside `autocast` convolutions and matrix multiplications round what they multiply to 16 bits, and their
 * results are held in 16 bits. Weights stay 32-bit floats, which the kernels round as they read them; sums are taken
 * in 32 bits; losses and statistics are computed in 32 bits.
 */

import { type HalfDType, isFloating, isHalf } from "../base/dtype.ts";
import { ArgumentError, DTypeError } from "../base/errors.ts";
import type { Call, CheckedNames, Positional } from "../base/params/call_types.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Value } from "../graph/node.ts";
import { cast } from "../ops/elementwise/elementwise.ts";
import { runInScope } from "./reading.ts";
import { defineCall, Tensor } from "./tensor.ts";

export interface AutocastOptions {
  /** What is multiplied. Default `"bfloat16"`. */
  readonly dtype?: HalfDType;
  /** `false` turns it off inside of another `autocast`. Default true. */
  readonly enabled?: boolean;
}

let current: HalfDType | null = null;

/** What operations round to at this point; null outside of `autocast`. */
export function autocastDType(): HalfDType | null {
  return current;
}

/**
 * Runs `body` with convolutions, linear layers and matrix multiplications in 16 bits; gives what it returns. Backward passes
 * follow the precision of their forward pass and need no `autocast`.
 *
 * Which ops round, and which widen, follows PyTorch's `torch.autocast` on a CPU: convolutions, `linear`, `matmul` and
 * its relatives give 16-bit results; losses give float32; all others take what they are given.
 *
 * Source: P. Micikevicius et al., "Mixed precision training", ICLR 2018; D. Kalamkar et al., "A study of BFLOAT16 for
 * deep learning training", 2019.
 *
 * @param body - what to run; not asynchronous: what follows an `await` would run outside.
 * @throws ArgumentError for a dtype that has not 16 bits, or an asynchronous body.
 * @example
 * ```ts
 * const loss = autocast(() => nn.functional.crossEntropy(net(x), y));
 * loss.backward();
 * loss.dtype; // "float32"
 * autocast({ dtype: "bfloat16" }, () => matmul(randn(2, 3), randn(3, 4))).dtype; // "bfloat16"
 * ```
 */
export function autocast<T>(body: () => T): T;
export function autocast<T>(options: AutocastOptions, body: () => T): T;
export function autocast<T>(first: AutocastOptions | (() => T), second?: () => T): T {
  const [options, body] = typeof first === "function" ? [{}, first] : [first, second];
  if (typeof body !== "function") throw new ArgumentError("autocast: expected a function to run");
  const dtype = checkedOptions(options);
  const before = current;
  current = dtype;
  return runInScope("autocast", body, () => {
    current = before;
  });
}

function checkedOptions(options: AutocastOptions): HalfDType | null {
  const { dtype = "bfloat16", enabled = true, ...unknown } = options;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new ArgumentError(`autocast: unknown option \`${name}\` (there are: dtype, enabled)`);
  }
  if (!isHalf(dtype)) {
    throw new ArgumentError(
      `autocast: expected dtype "bfloat16" or "float16", got ${shownValue(dtype)}; for full precision use { enabled: false }`,
    );
  }
  return enabled ? dtype : null;
}

/**
 * The operands of a convolution or linear layer: the input in 16 bits if autocast says so. Weight and bias stay
 * as they are.
 *
 * @throws DTypeError if dtypes are mixed outside of autocast.
 */
export function layerOperands(of: string, operands: readonly (Value | null)[]): (Value | null)[] {
  const [input, ...parameters] = operands as [Value, ...(Value | null)[]];
  if (current !== null) {
    const rounded = input.dtype === "float32" ? cast(input, current) : input;
    if (isHalf(rounded.dtype)) return [rounded, ...parameters.map((p) => p && masters(p, rounded))];
  }
  for (const parameter of parameters) {
    // Of an input of integers the op itself says what it expects.
    if (parameter === null || parameter.dtype === input.dtype || !isFloating(input.dtype)) continue;
    throw new DTypeError(
      `${of}: expected input, weight and bias of one dtype, got ${input.dtype} and ${parameter.dtype}; ` +
        `convert one with .to("${parameter.dtype}"), or run the forward pass inside autocast()`,
    );
  }
  return [...operands];
}

/** A weight of the input's dtype or float32, both of which kernels take. */
function masters(parameter: Value, input: Value): Value {
  return parameter.dtype === input.dtype ? parameter : cast(parameter, "float32");
}

/** The operands of a matmul of activations: all in 16 bits if autocast says so. */
export function productOperands(operands: readonly Value[]): Value[] {
  const to = current;
  if (to === null) return [...operands];
  return operands.map((value) =>
    value.dtype === "float32" || isHalf(value.dtype) ? cast(value, to) : value,
  );
}

/** `defineCall` for losses: inside of autocast their bodies see 32-bit tensors in place of 16-bit ones. */
export function defineLoss<Doc>(name: string) {
  return <const N extends readonly string[], P extends Positional<Doc, N>>(
    names: N & CheckedNames<Doc, N>,
    body: (...args: P) => Tensor,
  ): Call<Doc, N, P, Tensor> =>
    defineCall<Doc>(name)(names, (...args: P) =>
      current === null ? body(...args) : body(...(args.map(widened) as unknown as P)),
    );
}

function widened(given: unknown): unknown {
  return given instanceof Tensor && isHalf(given.dtype) ? new Tensor(cast(given.value, "float32")) : given;
}
