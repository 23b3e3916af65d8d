/**
 * The body of a loop, one element at a time, for the dtypes that have no four lanes: float64 and int64 (which
 * lies in memory as float64) as f64, float32 as f32 (16-bit floats too), the rest as i32.
 */
import { type DType, type HalfDType, isHalf } from "../../../base/dtype.ts";
import type { FusedInstruction } from "../../contract/fused_loop.ts";
import type { Point, Reducer, Reduction } from "./body_writer.ts";
import { identityOf, LoopBody, pushAddress, storeNumber } from "./body_writer.ts";
import type { FunctionBuilder, Local, ValueType } from "./emitter.ts";
import { isComparison } from "./fused_body.ts";
import type { UnaryImport } from "./math_imports.ts";
import type { OpName } from "./opcodes.ts";

type ScalarType = "i32" | "f32" | "f64";

function typeOf(dtype: DType): ScalarType {
  if (dtype === "float32" || isHalf(dtype)) return "f32";
  return dtype === "float64" || dtype === "int64" ? "f64" : "i32";
}

const FLOAT_UNARY: Readonly<Record<string, string>> = {
  neg: "neg",
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  ceil: "ceil",
  round: "nearest",
  trunc: "trunc",
};
const FLOAT_BINARY: Readonly<Record<string, string>> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  minimum: "min",
  maximum: "max",
  eq: "eq",
  ne: "ne",
  lt: "lt",
  le: "le",
  gt: "gt",
  ge: "ge",
};
const INTEGER_BINARY: Readonly<Record<string, OpName>> = {
  add: "i32.add",
  sub: "i32.sub",
  mul: "i32.mul",
  eq: "i32.eq",
  ne: "i32.ne",
  lt: "i32.lt_s",
  le: "i32.le_s",
  gt: "i32.gt_s",
  ge: "i32.ge_s",
};

export class ScalarBody extends LoopBody {
  writeInvariants(level: 0 | 1, bases: readonly Local[]): void {
    this.evaluate(level, this.invariant, (instruction) =>
      this.write(instruction, this.invariant, (input, stored) => {
        this.f.get(bases[input]);
        this.#load(input, stored, 0);
      }),
    );
  }

  writePoint(point: Point): readonly Local[] {
    const { loop, nest } = this.context;
    const f = this.f;
    const values = [...this.invariant];
    const address = (access: number) => {
      const { bytes, inner } = nest.accesses[access];
      pushAddress(f, point.bases[access], point.x, bytes * inner);
    };
    this.evaluate(2, values, (instruction) =>
      this.write(instruction, values, (input, stored) => {
        address(input);
        this.#load(input, stored, point.element);
      }),
    );
    let access = loop.inputs.length;
    for (const output of loop.outputs) {
      if (output.kind !== "store") continue;
      address(access++);
      f.get(values[output.value]);
      this.convert(loop.body[output.value].dtype, output.dtype);
      const type = typeOf(output.dtype);
      if (isHalf(output.dtype)) {
        this.#toBits(output.dtype);
        f.op("i64.trunc_sat_f64_s").op("i32.wrap_i64").memory("i32.store16");
      } else if (output.dtype === "bool" || output.dtype === "uint8") f.memory("i32.store8");
      else f.memory(`${type}.store` as OpName);
    }
    return values;
  }

  /** Pops an address, pushes its element; `element` elements further on. */
  #load(input: number, stored: DType, element: number): void {
    const f = this.f;
    const { bytes, inner } = this.context.nest.accesses[input];
    const offset = element * bytes * inner;
    if (isHalf(stored)) {
      f.memory("i32.load16_u", offset).op("f64.convert_i32_s");
      this.#fromBits(stored);
    } else if (bytes === 1) f.memory("i32.load8_u", offset);
    else f.memory(`${typeOf(stored)}.load` as OpName, offset);
    if (stored === "bool") f.i32(0).op("i32.ne");
  }

  /** Pops a number, pushes the bits of the 16-bit float nearest to it, as f64. */
  #toBits(dtype: HalfDType): void {
    const { math } = this.context;
    this.f.op("f64.promote_f32").call(dtype === "bfloat16" ? math.toBfloat16 : math.toFloat16);
  }

  #fromBits(dtype: HalfDType): void {
    const { math } = this.context;
    this.f.call(dtype === "bfloat16" ? math.fromBfloat16 : math.fromFloat16).op("f32.demote_f64");
  }

  protected override localType(dtype: DType): ValueType {
    return typeOf(dtype);
  }

  protected override round(dtype: HalfDType): void {
    this.#toBits(dtype);
    this.#fromBits(dtype);
  }

  protected override select(): void {
    this.f.op("select");
  }

  protected override constant(value: number, dtype: DType): void {
    const type = typeOf(dtype);
    if (type === "f32") this.f.f32(value);
    else if (type === "f64") this.f.f64(dtype === "int64" ? Math.trunc(value) : value);
    else this.f.i32(dtype === "bool" ? Number(value !== 0) : dtype === "uint8" ? value & 255 : value | 0);
  }

  protected override convert(from: DType, to: DType): void {
    if (from === to) return;
    const f = this.f;
    const [source, target] = [typeOf(from), typeOf(to)];
    if (source === target && source === "f32") return;
    if (to === "bool") {
      if (source === "i32") f.i32(0).op("i32.ne");
      else if (source === "f32") f.f32(0).op("f32.ne");
      else f.f64(0).op("f64.ne");
    } else if (target === "f64") {
      if (source === "i32") f.op("f64.convert_i32_s");
      else if (source === "f32") f.op("f64.promote_f32");
      if (to === "int64" && source !== "i32") f.op("f64.trunc");
    } else if (target === "f32") {
      f.op(source === "i32" ? "f32.convert_i32_s" : "f32.demote_f64");
    } else {
      if (source === "f32") f.op("f64.promote_f32");
      if (source !== "i32") f.op("i64.trunc_sat_f64_s").op("i32.wrap_i64");
      if (to === "uint8") f.i32(255).op("i32.and");
    }
  }

  protected override unary(op: string, dtype: DType): void {
    const f = this.f;
    const type = typeOf(dtype);
    if (op === "logicalNot") f.op("i32.eqz");
    else if (type === "i32") this.#integerUnary(op, dtype);
    else if (Object.hasOwn(FLOAT_UNARY, op)) f.op(`${type}.${FLOAT_UNARY[op]}` as OpName);
    else {
      const x = f.keep(type);
      const number = (value: number) => (type === "f32" ? f.f32(value) : f.f64(value));
      const instruction = (name: string) => f.op(`${type}.${name}` as OpName);
      if (op === "relu" || op === "relu6") {
        number(0).get(x).get(x);
        number(0);
        instruction("lt").op("select");
        if (op === "relu6") {
          const low = f.keep(type);
          number(6).get(low).get(low);
          number(6);
          instruction("gt").op("select");
        }
      } else if (op === "isnan") {
        f.get(x).get(x);
        instruction("ne");
      } else if (op === "reciprocal" || op === "rsqrt") {
        number(1).get(x);
        if (op === "rsqrt") instruction("sqrt");
        instruction("div");
      } else if (op === "sign") {
        f.get(x);
        number(0);
        instruction("gt").get(x);
        number(0);
        instruction("lt").op("i32.sub");
        this.convert("int32", dtype);
      } else {
        f.get(x);
        this.#callMath(op as UnaryImport, dtype);
      }
    }
  }

  #integerUnary(op: string, dtype: DType): void {
    const f = this.f;
    const x = f.keep("i32");
    if (op === "isnan") f.i32(0);
    else if (op === "neg") f.i32(0).get(x).op("i32.sub");
    else if (op === "abs") f.i32(0).get(x).op("i32.sub").get(x).get(x).i32(0).op("i32.lt_s").op("select");
    else if (op === "relu") f.i32(0).get(x).get(x).i32(0).op("i32.lt_s").op("select");
    else if (op === "relu6") {
      const low = f.i32(0).get(x).get(x).i32(0).op("i32.lt_s").op("select").keep("i32");
      f.i32(6).get(low).get(low).i32(6).op("i32.gt_s").op("select");
    } else if (op === "sign") f.get(x).i32(0).op("i32.gt_s").get(x).i32(0).op("i32.lt_s").op("i32.sub");
    else if (["floor", "ceil", "round", "trunc"].includes(op)) f.get(x);
    else {
      f.get(x).op("f64.convert_i32_s");
      if (op === "reciprocal" || op === "rsqrt" || op === "sqrt") this.unary(op, "float64");
      else f.call(this.context.math[op as UnaryImport]);
      this.convert("float64", dtype);
    }
    if (dtype === "uint8") f.i32(255).op("i32.and");
    if (dtype === "bool" && op !== "isnan") f.i32(0).op("i32.ne");
  }

  protected override binary(
    { op, a, b }: FusedInstruction & { kind: "binary" },
    values: readonly Local[],
    dtype: DType,
  ): void {
    this.operand(values, a, dtype);
    this.operand(values, b, dtype);
    this.#binary(op, dtype);
  }

  #binary(op: string, dtype: DType): void {
    const f = this.f;
    const type = typeOf(dtype);
    if (op === "logicalAnd") f.op("i32.and");
    else if (op === "logicalOr") f.op("i32.or");
    else if (op === "pow" || (op === "div" && (type === "i32" || dtype === "int64")))
      this.#throughDouble(op, dtype);
    else if (type !== "i32") f.op(`${type}.${FLOAT_BINARY[op]}` as OpName);
    else if (op === "minimum" || op === "maximum") {
      const b = f.keep("i32");
      const a = f.keep("i32");
      f.get(a)
        .get(b)
        .get(a)
        .get(b)
        .op(op === "minimum" ? "i32.lt_s" : "i32.gt_s")
        .op("select");
    } else {
      f.op(INTEGER_BINARY[op]);
      if (dtype === "uint8" && !isComparison(op)) f.i32(255).op("i32.and");
      if (dtype === "bool" && !isComparison(op)) f.i32(0).op("i32.ne");
    }
  }

  /** Powers, and quotients of integers, in 64-bit floats. */
  #throughDouble(op: string, dtype: DType): void {
    const f = this.f;
    this.convert(dtype, "float64");
    const b = f.keep("f64");
    this.convert(dtype, "float64");
    f.get(b);
    if (op === "pow") f.call(this.context.math.pow);
    else f.op("f64.div");
    this.convert("float64", dtype);
  }

  #callMath(op: UnaryImport, dtype: DType): void {
    const f = this.f;
    if (typeOf(dtype) === "f32") f.op("f64.promote_f32").call(this.context.math[op]).op("f32.demote_f64");
    else {
      f.call(this.context.math[op]);
      if (dtype === "int64") f.op("f64.trunc");
    }
  }
}

/** Accumulates one number at a time, in 64 bits. */
export class ScalarReducer implements Reducer {
  readonly #f: FunctionBuilder;
  readonly #op: Reduction;
  readonly #accumulator: Local;
  readonly #dtype: DType;

  constructor(f: FunctionBuilder, op: Reduction, dtype: DType) {
    this.#f = f;
    this.#op = op;
    this.#dtype = dtype;
    this.#accumulator = f.local("f64");
  }

  reset(): void {
    this.#f.f64(identityOf(this.#op)).set(this.#accumulator);
  }

  add(_copy: number, value: Local): void {
    const f = this.#f.get(this.#accumulator).get(value);
    if (value.type === "i32") f.op("f64.convert_i32_s");
    else if (value.type === "f32") f.op("f64.promote_f32");
    f.op(this.#op === "sum" ? "f64.add" : this.#op === "amax" ? "f64.max" : "f64.min").set(this.#accumulator);
  }

  flush(): void {}

  total(): void {
    this.#f.get(this.#accumulator);
  }

  write(_copy: number, _lanes: 1 | 4, address: () => void, partial: boolean): void {
    address();
    this.#f.get(this.#accumulator);
    if (partial) this.#f.memory("f64.store");
    else storeNumber(this.#f, this.#dtype);
  }
}
