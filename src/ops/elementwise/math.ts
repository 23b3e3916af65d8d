/** Less common functions of one or two numbers. Engines compute them with the reference kernel. */
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { inferBroadcast, requireFloating } from "../core.ts";
import { constant, sumTo, zerosLike } from "../creation.ts";
import { add, div, eq, exp, mul, neg, sqrtOp, sub, truncOp, where } from "./elementwise.ts";

function unary(name: string, gradient: (g: Value, x: Value, y: Value) => Value): OpDefinition {
  return {
    name,
    infer([input]) {
      requireFloating(input);
      return [{ shape: input.shape, dtype: input.dtype }];
    },
    gradient: ({ grads, inputs, outputs }) => [gradient(grads[0] as Value, inputs[0], outputs[0])],
  };
}

const one = (like: Value): Value => constant(1, like.dtype);
const square = (x: Value): Value => mul(x, x);
const sqrt = (x: Value): Value => emit(sqrtOp, [x]);

export const tanOp = unary("tan", (g, _x, y) => mul(g, add(one(y), square(y))));
export const asinOp = unary("asin", (g, x) => div(g, sqrt(sub(one(x), square(x)))));
export const acosOp = unary("acos", (g, x) => neg(div(g, sqrt(sub(one(x), square(x))))));
export const atanOp = unary("atan", (g, x) => div(g, add(one(x), square(x))));
export const sinhOp: OpDefinition = unary("sinh", (g, x) => mul(g, emit(coshOp, [x])));
export const coshOp: OpDefinition = unary("cosh", (g, x) => mul(g, emit(sinhOp, [x])));
export const asinhOp = unary("asinh", (g, x) => div(g, sqrt(add(square(x), one(x)))));
export const acoshOp = unary("acosh", (g, x) => div(g, sqrt(sub(square(x), one(x)))));
export const atanhOp = unary("atanh", (g, x) => div(g, sub(one(x), square(x))));
export const exp2Op = unary("exp2", (g, _x, y) => mul(g, mul(y, constant(Math.LN2, y.dtype))));
export const log2Op = unary("log2", (g, x) => div(g, mul(x, constant(Math.LN2, x.dtype))));
export const log10Op = unary("log10", (g, x) => div(g, mul(x, constant(Math.LN10, x.dtype))));
/** 1 - erf(x), without losing the digits of small results. */
export const erfcOp = unary("erfc", (g, x) =>
  mul(g, mul(constant(-2 / Math.sqrt(Math.PI), x.dtype), exp(neg(square(x))))),
);
/** The inverse of erf on (-1, 1). */
export const erfinvOp = unary("erfinv", (g, _x, y) =>
  mul(g, mul(constant(Math.sqrt(Math.PI) / 2, y.dtype), exp(square(y)))),
);

function binary(
  name: string,
  gradient: (g: Value, a: Value, b: Value) => readonly [Value, Value],
): OpDefinition {
  return {
    name,
    checksData: true,
    infer: (inputs) => inferBroadcast(inputs),
    gradient({ grads, inputs: [a, b], needs }) {
      const [ga, gb] = gradient(grads[0] as Value, a, b);
      return [needs[0] ? sumTo(ga, a.shape) : null, needs[1] ? sumTo(gb, b.shape) : null];
    },
  };
}

/** a - b floor(a / b): takes the sign of b. Integers by 0 raise an error in the kernel. */
export const remainderOp: OpDefinition = binary("remainder", (g, a, b) => [
  g,
  neg(mul(g, div(sub(a, emit(remainderOp, [a, b])), b))),
]);
/** a - b trunc(a / b): takes the sign of a. */
export const fmodOp = binary("fmod", (g, a, b) => [g, neg(mul(g, emit(truncOp, [div(a, b)])))]);
/** floor(a / b), for integers too. */
export const floorDivideOp = binary("floorDivide", (g) => [zerosLike(g), zerosLike(g)]);
/** trunc(a / b) of floats. */
export const truncDivideOp: OpDefinition = {
  ...binary("truncDivide", (g) => [zerosLike(g), zerosLike(g)]),
  decompose: ([a, b]) => [emit(truncOp, [div(a, b)])],
};
/** Angle of the point (b, a) from the first axis; at the origin its gradient counts as 0. */
export const atan2Op = binary("atan2", (g, a, b) => {
  const zero = constant(0, g.dtype);
  const length = add(square(a), square(b));
  const scaled = where(eq(length, zero), zero, div(g, length));
  return [mul(scaled, b), neg(mul(scaled, a))];
});
/** sqrt(a^2 + b^2), without overflow on the way. */
export const hypotOp: OpDefinition = binary("hypot", (g, a, b) => {
  const scaled = div(g, emit(hypotOp, [a, b]));
  return [mul(scaled, a), mul(scaled, b)];
});
