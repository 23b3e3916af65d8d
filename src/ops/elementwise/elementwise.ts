/** Ops that compute each element of the output from the same element of their inputs. */
import type { DType } from "../../base/dtype.ts";
import type { FusedBinary, FusedUnary } from "../../engines/contract/fused_loop.ts";
import type { OpDefinition, Value } from "../../graph/node.ts";
import { emit } from "../../graph/node.ts";
import { constant, inferBroadcast, requireFloating, sumTo } from "../core.ts";
import { zerosLike } from "../creation.ts";

export { cast, castOp } from "../core.ts";

type UnaryGradient = (grad: Value, input: Value, output: Value) => Value;
type BinaryGradient = (
  grad: Value,
  a: Value,
  b: Value,
  output: Value,
) => readonly [Value | null, Value | null];

/** A unary op on floating-point numbers. */
function floatingUnary(name: FusedUnary, gradient: UnaryGradient): OpDefinition {
  return {
    name,
    elementwise: { kind: "unary", op: name },
    infer([input]) {
      requireFloating(input);
      return [{ shape: input.shape, dtype: input.dtype }];
    },
    gradient: ({ grads, inputs, outputs }) => [gradient(grads[0] as Value, inputs[0], outputs[0])],
  };
}

/** A unary op on any number. */
function anyUnary(name: FusedUnary, gradient?: UnaryGradient, dtype?: DType): OpDefinition {
  return {
    name,
    elementwise: { kind: "unary", op: name },
    infer: ([input]) => [{ shape: input.shape, dtype: dtype ?? input.dtype }],
    ...(gradient && {
      gradient: ({ grads, inputs, outputs }) => [gradient(grads[0] as Value, inputs[0], outputs[0])],
    }),
  };
}

function binary(name: FusedBinary, gradient: BinaryGradient): OpDefinition {
  return {
    name,
    elementwise: { kind: "binary", op: name },
    infer: (inputs) => inferBroadcast(inputs),
    gradient({ grads, inputs: [a, b], outputs, needs }) {
      const [ga, gb] = gradient(grads[0] as Value, a, b, outputs[0]);
      return [needs[0] && ga ? sumTo(ga, a.shape) : null, needs[1] && gb ? sumTo(gb, b.shape) : null];
    },
  };
}

function comparison(name: FusedBinary): OpDefinition {
  return {
    name,
    elementwise: { kind: "binary", op: name },
    infer: (inputs) => inferBroadcast(inputs, "bool"),
  };
}

/** An activation that a convolution or matmul can apply to its result. */
function asActivation(op: OpDefinition): OpDefinition {
  return { ...op, activation: true };
}

const zeroGradient: UnaryGradient = (grad) => zerosLike(grad);

export const negOp = anyUnary("neg", (g) => neg(g));
export const absOp = anyUnary("abs", (g, x) => mul(g, emit(signOp, [x])));
export const signOp: OpDefinition = anyUnary("sign", zeroGradient);
export const expOp = floatingUnary("exp", (g, _x, y) => mul(g, y));
export const expm1Op = floatingUnary("expm1", (g, _x, y) => mul(g, add(y, constant(1, y.dtype))));
export const logOp = floatingUnary("log", (g, x) => div(g, x));
export const log1pOp = floatingUnary("log1p", (g, x) => div(g, add(x, constant(1, x.dtype))));
export const sqrtOp = floatingUnary("sqrt", (g, _x, y) => div(g, mul(y, constant(2, y.dtype))));
export const rsqrtOp = floatingUnary("rsqrt", (g, _x, y) =>
  mul(mul(g, constant(-0.5, y.dtype)), mul(y, mul(y, y))),
);
export const reciprocalOp = floatingUnary("reciprocal", (g, _x, y) => neg(mul(g, mul(y, y))));
// In sigmoid's and tanh's gradient every term has g in it: what depends on y alone would be computed by the
// forward loop, written to memory and kept for the backward one.
/** g y (1 - y) as t - t y, t = g y. */
export const sigmoidOp = asActivation(
  floatingUnary("sigmoid", (g, _x, y) => sub(mul(g, y), mul(mul(g, y), y))),
);
/** g (1 - y^2) as g - (g y) y. */
export const tanhOp = asActivation(floatingUnary("tanh", (g, _x, y) => sub(g, mul(mul(g, y), y))));
/** d/dx erf(x) = 2/sqrt(pi) exp(-x^2). */
export const erfOp = floatingUnary("erf", (g, x) =>
  mul(g, mul(constant(2 / Math.sqrt(Math.PI), x.dtype), emit(expOp, [neg(mul(x, x))]))),
);
export const sinOp = floatingUnary("sin", (g, x) => mul(g, emit(cosOp, [x])));
export const cosOp: OpDefinition = floatingUnary("cos", (g, x) => neg(mul(g, emit(sinOp, [x]))));
export const floorOp = anyUnary("floor", zeroGradient);
export const ceilOp = anyUnary("ceil", zeroGradient);
/** Half to even. */
export const roundOp = anyUnary("round", zeroGradient);
export const truncOp = anyUnary("trunc", zeroGradient);
/** max(x, 0); NaN stays NaN. */
export const reluOp = asActivation(
  anyUnary("relu", (g, _x, y) => where(emit(leOp, [y, constant(0, y.dtype)]), constant(0, g.dtype), g)),
);
/** min(max(x, 0), 6), with no gradient at either bound; NaN stays NaN. */
export const relu6Op = asActivation({
  ...anyUnary("relu6", (g, _x, y) => {
    // One condition: it is written by the forward loop, and kept for the backward one.
    const atBound = emit(logicalOrOp, [le(y, constant(0, y.dtype)), ge(y, constant(6, y.dtype))]);
    return where(atBound, constant(0, g.dtype), g);
  }),
});
export const logicalNotOp = anyUnary("logicalNot", undefined, "bool");
export const isnanOp = anyUnary("isnan", undefined, "bool");

export const addOp = binary("add", (g) => [g, g]);
export const subOp = binary("sub", (g) => [g, neg(g)]);
export const mulOp = binary("mul", (g, a, b) => [mul(g, b), mul(g, a)]);
export const divOp: OpDefinition = {
  ...binary("div", (g, _a, b, y) => [div(g, b), neg(div(mul(g, y), b))]),
  infer(inputs) {
    requireFloating(inputs[0]);
    return inferBroadcast(inputs);
  },
};
/**
 * d/da a^b = b a^(b-1), 0 if b is 0; d/db a^b = a^b ln a, 0 if a is 0 and b >= 0.
 */
export const powOp: OpDefinition = {
  ...binary("pow", (g, a, b, y) => [powGradientBase(g, a, b), powGradientExponent(g, a, b, y)]),
};
/** If both are equal each receives half of the gradient, as in PyTorch. */
export const minimumOp = binary("minimum", (g, a, b) => extremeGradient(g, a, b, gt(a, b), gt(b, a)));
export const maximumOp = binary("maximum", (g, a, b) => extremeGradient(g, a, b, lt(a, b), lt(b, a)));

export const eqOp = comparison("eq");
export const neOp = comparison("ne");
export const ltOp = comparison("lt");
export const leOp = comparison("le");
export const gtOp = comparison("gt");
export const geOp = comparison("ge");
export const logicalAndOp = comparison("logicalAnd");
export const logicalOrOp = comparison("logicalOr");

/** `condition ? a : b`; inputs condition (bool), a, b. */
export const whereOp: OpDefinition = {
  name: "where",
  elementwise: { kind: "where" },
  infer([condition, a, b]) {
    const [{ dtype }] = inferBroadcast([a, b]);
    return [
      {
        shape: inferBroadcast([
          { ...condition, shape: condition.shape, dtype },
          { shape: a.shape, dtype },
          { shape: b.shape, dtype },
        ])[0].shape,
        dtype,
      },
    ];
  },
  gradient({ grads, inputs: [condition, a, b], needs }) {
    const g = grads[0] as Value;
    const zero = constant(0, g.dtype);
    return [
      null,
      needs[1] ? sumTo(where(condition, g, zero), a.shape) : null,
      needs[2] ? sumTo(where(condition, zero, g), b.shape) : null,
    ];
  },
};

export const neg = (a: Value): Value => emit(negOp, [a]);
export const exp = (a: Value): Value => emit(expOp, [a]);
export const log = (a: Value): Value => emit(logOp, [a]);
export const add = (a: Value, b: Value): Value => emit(addOp, [a, b]);
export const sub = (a: Value, b: Value): Value => emit(subOp, [a, b]);
export const mul = (a: Value, b: Value): Value => emit(mulOp, [a, b]);
export const div = (a: Value, b: Value): Value => emit(divOp, [a, b]);
export const pow = (a: Value, b: Value): Value => emit(powOp, [a, b]);
export const eq = (a: Value, b: Value): Value => emit(eqOp, [a, b]);
export const lt = (a: Value, b: Value): Value => emit(ltOp, [a, b]);
export const le = (a: Value, b: Value): Value => emit(leOp, [a, b]);
export const gt = (a: Value, b: Value): Value => emit(gtOp, [a, b]);
export const ge = (a: Value, b: Value): Value => emit(geOp, [a, b]);
export const where = (condition: Value, a: Value, b: Value): Value => emit(whereOp, [condition, a, b]);

/** If neither is smaller nor are they equal (one is NaN), both receive the whole gradient, as in PyTorch. */
function extremeGradient(
  g: Value,
  a: Value,
  b: Value,
  aLoses: Value,
  bLoses: Value,
): readonly [Value, Value] {
  const zero = constant(0, g.dtype);
  const shared = where(eq(a, b), mul(g, constant(0.5, g.dtype)), g);
  return [where(aLoses, zero, shared), where(bLoses, zero, shared)];
}

function powGradientBase(g: Value, a: Value, b: Value): Value {
  const one = constant(1, b.dtype);
  const zero = constant(0, b.dtype);
  return where(eq(b, zero), constant(0, g.dtype), mul(g, mul(b, pow(a, sub(b, one)))));
}

function powGradientExponent(g: Value, a: Value, b: Value, y: Value): Value {
  const zero = constant(0, a.dtype);
  const silent = emit(logicalAndOp, [eq(a, zero), ge(b, zero)]);
  return where(silent, constant(0, g.dtype), mul(g, mul(y, log(a))));
}
