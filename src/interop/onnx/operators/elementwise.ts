/** Operators that compute each element by itself, with broadcasting. */
import { isFloating, resultType } from "../../../base/dtype.ts";
import * as F from "../../../tensor/functions/index.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { asTensor, isKnown, KnownArray, type OnnxValue } from "../known_array.ts";
import { elementwise, quotient, roundHalfEven } from "../known_math.ts";
import { dimension, NodeFault, type NodeSettings, type OnnxOperator, UnsupportedNode } from "../operator.ts";

type Two = (a: Tensor, b: Tensor) => Tensor;
type TwoNumbers = (a: number, b: number, isInteger: boolean) => number;

/** The result's dtype is the inputs', or bool. */
type Gives = "input" | "bool";

/**
 * Constants take the dtype of what they meet, so that a network can be converted to another dtype as a whole. Tensors of
 * different dtypes do not meet in ONNX.
 */
function brought(values: readonly OnnxValue[]): Tensor[] {
  const tensors = values.filter((value) => !isKnown(value)) as Tensor[];
  const dtype = tensors[0]?.dtype;
  return values.map((value) => {
    if (!isKnown(value) || dtype === undefined || value.dtype === dtype) return asTensor(value);
    if (!isFloating(value.dtype) || !isFloating(dtype)) return value.tensor();
    return value.tensor().to(dtype) as Tensor;
  });
}

function onTwo(a: OnnxValue, b: OnnxValue, gives: Gives, known: TwoNumbers, two: Two): OnnxValue {
  if (isKnown(a) && isKnown(b)) {
    const dtype = resultType([a, b].map(({ dtype }) => ({ dtype, kind: "tensor" })));
    const isInteger = !isFloating(dtype);
    const out = elementwise(gives === "bool" ? "bool" : dtype, [a, b], (x, y) => known(x, y, isInteger));
    if (out !== undefined) return out;
  }
  const [x, y] = brought([a, b]);
  return two(x, y);
}

/** Until opset 6 the second input was broadcast by request, its first dimension put at `axis`. */
function legacyAxis(node: NodeSettings): (a: OnnxValue, b: OnnxValue) => OnnxValue {
  if (node.opset >= 7 || !node.flag("broadcast", false) || !node.has("axis")) return (_, b) => b;
  const axis = node.integer("axis", 0);
  return (a, b) => {
    const rank = a.shape.length;
    const behind = rank - dimension(axis, rank) - b.shape.length;
    if (behind < 0) throw new NodeFault(`axis ${axis} leaves no room for ${b.shape.length} dimensions`);
    const shape = [...b.shape, ...new Array<number>(behind).fill(1)];
    return isKnown(b) ? b.reshaped(shape) : F.reshape(b, shape);
  };
}

function binary(two: Two, known: TwoNumbers, gives: Gives = "input", extra: object = {}): OnnxOperator {
  return {
    onKnown: true,
    ...extra,
    build(node) {
      const align = legacyAxis(node);
      return (inputs) => {
        const a = inputs.value(0);
        return onTwo(a, align(a, inputs.value(1)), gives, known, two);
      };
    },
  };
}

/** Any number of inputs. */
function variadic(
  two: Two,
  known: TwoNumbers,
  end?: (sum: OnnxValue, count: number) => OnnxValue,
): OnnxOperator {
  return {
    onKnown: true,
    build: () => (inputs) => {
      const values = inputs.values();
      if (values.length === 0) throw new NodeFault("expected at least one input");
      const total = values.reduce((sum, value) => onTwo(sum, value, "input", known, two));
      return end === undefined ? total : end(total, values.length);
    },
  };
}

function unary(
  one: (x: Tensor) => Tensor,
  known: (x: number) => number,
  gives: Gives = "input",
): OnnxOperator {
  return {
    onKnown: true,
    build: () => (inputs) => {
      const array = inputs.known(0);
      const out = array && elementwise(gives === "bool" ? "bool" : array.dtype, [array], known);
      return out ?? one(inputs.tensor(0));
    },
  };
}

const compared = (two: Two, known: (a: number, b: number) => boolean) =>
  binary(two, (a, b) => (known(a, b) ? 1 : 0), "bool");

const isTrue = (value: number): boolean => value !== 0;
const divided: Two = (a, b) => (isFloating(a.dtype) ? F.div(a, b) : F.div(a, b, { roundingMode: "trunc" }));

/** The remainder with the sign of the divisor, as Python has it, or (`fmod`) of the dividend. */
const mod: OnnxOperator = {
  onKnown: true,
  build(node) {
    const fmod = node.flag("fmod", false);
    const known: TwoNumbers = (a, b) => (fmod ? a % b : a - b * Math.floor(a / b));
    return (inputs) => onTwo(inputs.value(0), inputs.value(1), "input", known, fmod ? F.fmod : F.remainder);
  },
};

const where: OnnxOperator = {
  onKnown: true,
  build: () => (inputs) => {
    const [c, a, b] = [inputs.value(0), inputs.value(1), inputs.value(2)];
    if (isKnown(c) && isKnown(a) && isKnown(b)) {
      const out = elementwise(a.dtype, [c, a, b], (condition, x, y) => (isTrue(condition) ? x : y));
      if (out !== undefined) return out;
    }
    const [x, y] = brought([a, b]);
    return F.where(asTensor(c), x, y);
  },
};

/** Limits stand in attributes until opset 10, then in inputs. */
const clip: OnnxOperator = {
  onKnown: true,
  build(node) {
    const attributes =
      node.opset < 11 ? [node.attribute("min", "float"), node.attribute("max", "float")] : undefined;
    return (inputs) => {
      const limits = [1, 2].map((place): number | Tensor | undefined => {
        if (attributes !== undefined) return attributes[place - 1];
        const known = inputs.known(place);
        return known?.size === 1 ? known.data[0] : (inputs.optional(place) ?? undefined);
      });
      const [least, most] = limits;
      const array = inputs.known(0);
      if (array !== undefined && typeof least !== "object" && typeof most !== "object") {
        const out = elementwise(array.dtype, [array], (x) =>
          Math.min(Math.max(x, least ?? -Infinity), most ?? Infinity),
        );
        if (out !== undefined) return out;
      }
      return clipped(inputs.tensor(0), least, most);
    };
  },
};

function clipped(x: Tensor, least: number | Tensor | undefined, most: number | Tensor | undefined): Tensor {
  if (least === 0 && most === 6 && isFloating(x.dtype)) return F.relu6(x);
  const lower =
    least === undefined ? x : typeof least === "number" ? F.clampMin(x, least) : F.maximum(x, least);
  return most === undefined
    ? lower
    : typeof most === "number"
      ? F.clampMax(lower, most)
      : F.minimum(lower, most);
}

const power: OnnxOperator = {
  onKnown: true,
  build(node) {
    const align = legacyAxis(node);
    return (inputs) => {
      const [base, exponent] = [inputs.value(0), align(inputs.value(0), inputs.value(1))];
      if (isKnown(base) && isKnown(exponent)) {
        const out = elementwise(base.dtype, [base, exponent], (a, b) => a ** b);
        if (out !== undefined) return out;
      }
      const x = asTensor(base);
      if (isKnown(exponent) && exponent.size === 1 && exponent.shape.length <= x.ndim)
        return exponent.data[0] === 2 ? F.square(x) : F.pow(x, exponent.data[0]);
      const y = asTensor(exponent);
      return F.pow(x, y.dtype === x.dtype ? y : (y.to(x.dtype) as Tensor)).to(x.dtype) as Tensor;
    };
  },
};

const isInf: OnnxOperator = {
  build(node) {
    const [below, above] = [node.flag("detect_negative", true), node.flag("detect_positive", true)];
    if (!below && !above) throw new UnsupportedNode("that detects neither sign");
    return (inputs) => {
      const x = inputs.tensor(0);
      return below && above ? F.isinf(x) : F.eq(x, above ? Infinity : -Infinity);
    };
  },
};

export const ELEMENTWISE: Readonly<Record<string, OnnxOperator>> = {
  Add: binary(F.add, (a, b) => a + b, "input", { joinsLayers: true }),
  Sub: binary(F.sub, (a, b) => a - b),
  Mul: binary(F.mul, (a, b) => a * b, "input", { joinsLayers: true }),
  Div: binary(divided, (a, b, isInteger) => quotient(isInteger ? "int64" : "float32", a, b)),
  Mod: mod,
  Pow: power,
  Max: variadic(F.maximum, (a, b) => Math.max(a, b)),
  Min: variadic(F.minimum, (a, b) => Math.min(a, b)),
  Sum: variadic(F.add, (a, b) => a + b),
  Mean: variadic(
    F.add,
    (a, b) => a + b,
    (sum, count) =>
      isKnown(sum)
        ? KnownArray.of(
            sum.dtype,
            sum.shape,
            Array.from(sum.data, (x) => x / count),
          )
        : F.div(sum, count),
  ),
  Equal: compared(F.eq, (a, b) => a === b),
  Greater: compared(F.gt, (a, b) => a > b),
  GreaterOrEqual: compared(F.ge, (a, b) => a >= b),
  Less: compared(F.lt, (a, b) => a < b),
  LessOrEqual: compared(F.le, (a, b) => a <= b),
  And: compared(F.logicalAnd, (a, b) => isTrue(a) && isTrue(b)),
  Or: compared(F.logicalOr, (a, b) => isTrue(a) || isTrue(b)),
  Xor: compared(F.logicalXor, (a, b) => isTrue(a) !== isTrue(b)),
  Not: unary(F.logicalNot, (x) => (isTrue(x) ? 0 : 1), "bool"),
  Where: where,
  Clip: clip,
  Abs: unary(F.abs, Math.abs),
  Neg: unary(F.neg, (x) => -x),
  Sqrt: unary(F.sqrt, Math.sqrt),
  Exp: unary(F.exp, Math.exp),
  Log: unary(F.log, Math.log),
  Floor: unary(F.floor, Math.floor),
  Ceil: unary(F.ceil, Math.ceil),
  Round: unary(F.round, roundHalfEven),
  Reciprocal: unary(F.reciprocal, (x) => 1 / x),
  Sign: unary(F.sign, Math.sign),
  Erf: { build: () => (inputs) => F.erf(inputs.tensor(0)) },
  Sin: unary(F.sin, Math.sin),
  Cos: unary(F.cos, Math.cos),
  Tan: unary(F.tan, Math.tan),
  Asin: unary(F.asin, Math.asin),
  Acos: unary(F.acos, Math.acos),
  Atan: unary(F.atan, Math.atan),
  Sinh: unary(F.sinh, Math.sinh),
  Cosh: unary(F.cosh, Math.cosh),
  Asinh: unary(F.asinh, Math.asinh),
  Acosh: unary(F.acosh, Math.acosh),
  Atanh: unary(F.atanh, Math.atanh),
  IsNaN: unary(F.isnan, (x) => (Number.isNaN(x) ? 1 : 0), "bool"),
  IsInf: isInf,
};
