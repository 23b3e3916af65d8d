/** What the normalisations share: checks of their sizes, and the scale and shift at their end. */
import { isHalf } from "../../../base/dtype.ts";
import { ShapeError } from "../../../base/errors.ts";
import { formatShape, sameShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, cast, mul } from "../../../ops/elementwise/elementwise.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { channelHint } from "../../../ops/shape_hints.ts";
import { noGrad } from "../../autograd.ts";
import { inWideNumbers, scalarValue } from "../../operands.ts";
import { Tensor, valueOf } from "../../tensor.ts";
import { named, optionalValue } from "./arguments.ts";

/** A single number has no variance. */
export function requireSeveral(of: string, what: string, count: number, x: Value): void {
  if (count !== 1) return;
  throw new ShapeError(
    `${named(of)}: Expected more than 1 ${what} when training, got input size ${formatShape(x.shape)}; ` +
      "use a larger batch (dropLast for the last one) or eval()",
  );
}

export function requireChannels(of: string, x: Value, parameters: readonly unknown[]): void {
  for (const parameter of parameters) {
    if (parameter instanceof Tensor && !sameShape(parameter.shape, [x.shape[1]])) {
      throw new ShapeError(
        `${named(of)}: expected weight and bias of shape [${x.shape[1]}], one number per channel of ${formatShape(x.shape)}, got ${formatShape(parameter.shape)}${parameter.ndim === 1 ? channelHint(x.shape, parameter.shape[0], x.shape.length - 2) : ""}`,
      );
    }
  }
}

/** x * weight + bias, both seen under `shape` if one is given. */
export function affine(
  of: string,
  x: Value,
  weight: unknown,
  bias: unknown,
  shape?: readonly number[],
): Value {
  const [w, b] = [optionalValue(of, weight, "weight"), optionalValue(of, bias, "bias")];
  const placed = (given: Value): Value => {
    const v = isHalf(given.dtype) ? cast(given, x.dtype) : given;
    return shape === undefined ? v : reshape(v, shape);
  };
  const scaled = w === null ? x : mul(x, placed(w));
  return b === null ? scaled : add(scaled, placed(b));
}

/** running = (1 - momentum) running + momentum * fresh; `count` makes a biased variance unbiased. */
export function moveRunning(
  of: string,
  running: Tensor | null | undefined,
  argument: string,
  fresh: Value,
  momentum: number,
  count?: number,
): void {
  if (running === null || running === undefined) return;
  const held = valueOf(running, argument, named(of));
  if (!sameShape(held.shape, fresh.shape)) {
    throw new ShapeError(
      `${named(of)}: expected ${argument} of shape ${formatShape(fresh.shape)}, one number per channel, got ${formatShape(held.shape)}`,
    );
  }
  const moved = (before: Value, now: Value): Value => {
    const seen = cast(now, before.dtype);
    const like = (value: number) => scalarValue(value, before.dtype);
    const unbiased = count === undefined ? seen : mul(seen, constant(count / (count - 1), before.dtype));
    return add(mul(before, like(1 - momentum)), mul(unbiased, like(momentum)));
  };
  noGrad(() => running.assign(inWideNumbers(held, moved, fresh)));
}
