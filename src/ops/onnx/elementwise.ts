/** Element-wise ops in ONNX. */
import { isFloating } from "../../base/dtype.ts";
import {
  converted,
  int,
  type OnnxCall,
  type OnnxConversion,
  type OnnxOperand,
  type OnnxRule,
  scalar,
} from "./conversion.ts";

/** An operator that takes the inputs as they are. */
const as =
  (operator: string): OnnxConversion =>
  ({ inputs, to }) =>
    to.node(
      operator,
      inputs.map(({ name }) => name),
    );

/** An operator on booleans; any number but 0 counts as true. */
const onBooleans =
  (operator: string): OnnxConversion =>
  (call) =>
    call.to.node(
      operator,
      call.inputs.map((input) => converted(call, input, "bool")),
    );

/** Several operators in a row. */
const chain =
  (...operators: readonly string[]): OnnxConversion =>
  ({ inputs: [x], to }) =>
    operators.reduce((name, operator) => to.node(operator, [name]), x.name);

/** The operator on a number and the input: 2 ** x. */
const after = (operator: string, value: number, first = ""): OnnxConversion => {
  return (call) => {
    const [x] = call.inputs;
    const name = first === "" ? x.name : call.to.node(first, [x.name]);
    return call.to.node(operator, [scalar(call, value, x.dtype), name]);
  };
};

/** The operator on a function of the input and a number: exp(x) - 1. */
const before = (first: string, operator: string, value: number): OnnxConversion => {
  return (call) => {
    const [x] = call.inputs;
    return call.to.node(operator, [call.to.node(first, [x.name]), scalar(call, value, x.dtype)]);
  };
};

/** Towards 0: the sign times the floor of what is left without it. */
function truncated({ to }: OnnxCall, name: string): string {
  return to.node("Mul", [to.node("Sign", [name]), to.node("Floor", [to.node("Abs", [name])])]);
}

/** a - b floor(a / b), which takes the sign of b. */
function remainder({ to }: OnnxCall, a: OnnxOperand, b: OnnxOperand): string {
  if (!isFloating(a.dtype)) return to.node("Mod", [a.name, b.name], { fmod: int(0) });
  const whole = to.node("Floor", [to.node("Div", [a.name, b.name])]);
  return to.node("Sub", [a.name, to.node("Mul", [b.name, whole])]);
}

function floorDivide(call: OnnxCall): string {
  const [a, b] = call.inputs;
  const { to } = call;
  if (isFloating(a.dtype)) return to.node("Floor", [to.node("Div", [a.name, b.name])]);
  return to.node("Div", [to.node("Sub", [a.name, remainder(call, a, b)]), b.name]);
}

function hypot({ inputs: [a, b], to }: OnnxCall): string {
  const squares = [a, b].map(({ name }) => to.node("Mul", [name, name]));
  return to.node("Sqrt", [to.node("Add", squares)]);
}

const ofBits: OnnxRule = {
  cannot: "operators on bits need a later opset than is written; compute it before the network",
};

export const ELEMENTWISE = {
  neg: as("Neg"),
  abs: as("Abs"),
  exp: as("Exp"),
  log: as("Log"),
  log1p: (call) => {
    const [x] = call.inputs;
    return call.to.node("Log", [call.to.node("Add", [x.name, scalar(call, 1, x.dtype)])]);
  },
  expm1: before("Exp", "Sub", 1),
  sqrt: as("Sqrt"),
  rsqrt: chain("Sqrt", "Reciprocal"),
  reciprocal: as("Reciprocal"),
  sigmoid: as("Sigmoid"),
  tanh: as("Tanh"),
  erf: as("Erf"),
  sin: as("Sin"),
  cos: as("Cos"),
  floor: as("Floor"),
  ceil: as("Ceil"),
  round: as("Round"),
  trunc: (call) => truncated(call, call.inputs[0].name),
  sign: as("Sign"),
  relu: as("Relu"),
  relu6: (call) => {
    const [x] = call.inputs;
    return call.to.node("Clip", [x.name, scalar(call, 0, x.dtype), scalar(call, 6, x.dtype)]);
  },
  logicalNot: onBooleans("Not"),
  isnan: as("IsNaN"),
  add: as("Add"),
  sub: as("Sub"),
  mul: as("Mul"),
  div: as("Div"),
  pow: as("Pow"),
  minimum: as("Min"),
  maximum: as("Max"),
  eq: as("Equal"),
  ne: ({ inputs: [a, b], to }) => to.node("Not", [to.node("Equal", [a.name, b.name])]),
  lt: as("Less"),
  le: as("LessOrEqual"),
  gt: as("Greater"),
  ge: as("GreaterOrEqual"),
  logicalAnd: onBooleans("And"),
  logicalOr: onBooleans("Or"),
  where: (call) => {
    const [condition, a, b] = call.inputs;
    return call.to.node("Where", [converted(call, condition, "bool"), a.name, b.name]);
  },
  cast: (call) => converted(call, call.inputs[0], call.outputs[0].dtype),
  tan: as("Tan"),
  asin: as("Asin"),
  acos: as("Acos"),
  atan: as("Atan"),
  sinh: as("Sinh"),
  cosh: as("Cosh"),
  asinh: as("Asinh"),
  acosh: as("Acosh"),
  atanh: as("Atanh"),
  exp2: after("Pow", 2),
  log2: before("Log", "Div", Math.LN2),
  log10: before("Log", "Div", Math.LN10),
  erfc: after("Sub", 1, "Erf"),
  erfinv: { cannot: "ONNX has no inverse of the error function; compute it before the network" },
  remainder: (call) => remainder(call, call.inputs[0], call.inputs[1]),
  fmod: ({ inputs: [a, b], to }) => to.node("Mod", [a.name, b.name], { fmod: int(1) }),
  floorDivide,
  truncDivide: (call) =>
    truncated(
      call,
      call.to.node(
        "Div",
        call.inputs.map(({ name }) => name),
      ),
    ),
  atan2: { cannot: "ONNX has no atan2; use atan of the quotient if the signs allow it" },
  hypot,
  bitwiseAnd: ofBits,
  bitwiseOr: ofBits,
  bitwiseXor: ofBits,
  bitwiseNot: ofBits,
  leftShift: ofBits,
  rightShift: ofBits,
  gcd: { cannot: "ONNX has no greatest common divisor; compute it before the network" },
  lcm: { cannot: "ONNX has no least common multiple; compute it before the network" },
} satisfies Record<string, OnnxRule>;
