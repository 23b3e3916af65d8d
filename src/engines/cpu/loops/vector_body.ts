/**
 * The body of a loop, four lanes at a time. Floats are f32x4 (bfloat16 too: its numbers are 32-bit floats without
 * their lower half), integers i32x4, truth values masks (all bits or none). The last few elements of a row take the same instructions with one lane in use, so that a value does
 * not depend on where in a row it stands.
 */
import type { DType } from "../../../base/dtype.ts";
import type { FusedInstruction } from "../../contract/fused_loop.ts";
import type { Point } from "./body_writer.ts";
import { LoopBody, pushAddress } from "./body_writer.ts";
import type { Local, ValueType } from "./emitter.ts";
import { constantExponent, isComparison, registerType } from "./fused_body.ts";
import type { UnaryImport } from "./math_imports.ts";
import type { SimdName } from "./opcodes.ts";
import type { VectorFunction } from "./vector_math.ts";
import * as functions from "./vector_math.ts";

const VECTOR: ValueType = "v128";

const FLOAT_UNARY: Readonly<Record<string, SimdName>> = {
  neg: "f32x4.neg",
  abs: "f32x4.abs",
  sqrt: "f32x4.sqrt",
  floor: "f32x4.floor",
  ceil: "f32x4.ceil",
  round: "f32x4.nearest",
  trunc: "f32x4.trunc",
};
const FLOAT_FUNCTIONS: Readonly<Record<string, VectorFunction>> = {
  exp: functions.vectorExp,
  log: functions.vectorLog,
  log1p: functions.vectorLog1p,
  expm1: functions.vectorExpm1,
  sigmoid: functions.vectorSigmoid,
  tanh: functions.vectorTanh,
  erf: functions.vectorErf,
};
const FLOAT_BINARY: Readonly<Record<string, SimdName>> = {
  add: "f32x4.add",
  sub: "f32x4.sub",
  mul: "f32x4.mul",
  div: "f32x4.div",
  minimum: "f32x4.min",
  maximum: "f32x4.max",
  eq: "f32x4.eq",
  ne: "f32x4.ne",
  lt: "f32x4.lt",
  le: "f32x4.le",
  gt: "f32x4.gt",
  ge: "f32x4.ge",
};
const INTEGER_BINARY: Readonly<Record<string, SimdName>> = {
  add: "i32x4.add",
  sub: "i32x4.sub",
  mul: "i32x4.mul",
  minimum: "i32x4.min_s",
  maximum: "i32x4.max_s",
  eq: "i32x4.eq",
  ne: "i32x4.ne",
  lt: "i32x4.lt_s",
  le: "i32x4.le_s",
  gt: "i32x4.gt_s",
  ge: "i32x4.ge_s",
};
const BOOL_BINARY: Readonly<Record<string, SimdName>> = {
  add: "v128.or",
  maximum: "v128.or",
  logicalOr: "v128.or",
  mul: "v128.and",
  minimum: "v128.and",
  logicalAnd: "v128.and",
  // A mask is 0 or -1: the order of truth values is the reverse of that of the integers.
  eq: "i32x4.eq",
  ne: "i32x4.ne",
  lt: "i32x4.gt_s",
  le: "i32x4.ge_s",
  gt: "i32x4.lt_s",
  ge: "i32x4.le_s",
};

export class VectorBody extends LoopBody {
  writeInvariants(level: 0 | 1, bases: readonly Local[]): void {
    this.evaluate(level, this.invariant, (instruction) =>
      this.write(instruction, this.invariant, (input, dtype) => this.#loadSplat(bases[input], dtype)),
    );
  }

  writePoint(point: Point): readonly Local[] {
    const { loop } = this.context;
    const values = [...this.invariant];
    this.evaluate(2, values, (instruction) =>
      this.write(instruction, values, (input, dtype) => this.#load(input, dtype, point)),
    );
    let access = loop.inputs.length;
    for (const output of loop.outputs) {
      if (output.kind === "store")
        this.#store(access++, values[output.value], output.value, output.dtype, point);
    }
    return values;
  }

  protected override select(): void {
    this.f.simd("v128.bitselect");
  }

  protected override constant(value: number, dtype: DType): void {
    const f = this.f;
    if (registerType(dtype) === "float32") {
      f.v128f32(value);
      return;
    }
    const whole = dtype === "bool" ? (value !== 0 ? -1 : 0) : dtype === "uint8" ? value & 255 : value | 0;
    f.v128i32([whole, whole, whole, whole]);
  }

  protected override convert(stored: DType, wanted: DType): void {
    const f = this.f;
    const [from, to] = [registerType(stored), registerType(wanted)];
    if (from === to) return;
    if (to === "bool") {
      f.v128i32([0, 0, 0, 0]).simd(from === "float32" ? "f32x4.ne" : "i32x4.ne");
    } else if (to === "float32") {
      if (from === "bool") f.v128f32(1).simd("v128.and");
      else f.simd("f32x4.convert_i32x4_s");
    } else {
      if (from === "bool") f.v128i32([1, 1, 1, 1]).simd("v128.and");
      if (from === "float32") f.simd("i32x4.trunc_sat_f32x4_s");
      if (to === "uint8" && from !== "bool") f.v128i32([255, 255, 255, 255]).simd("v128.and");
    }
  }

  protected override unary(op: string, type: DType): void {
    const f = this.f;
    if (op === "logicalNot") f.simd("v128.not");
    else if (type === "float32") this.#floatUnary(op);
    else if (op === "isnan") f.simd("v128.not").v128i32([0, 0, 0, 0]).simd("v128.and");
    else this.#integerUnary(op, type);
  }

  #floatUnary(op: string): void {
    const f = this.f;
    if (Object.hasOwn(FLOAT_UNARY, op)) {
      f.simd(FLOAT_UNARY[op]);
      return;
    }
    const x = f.keep(VECTOR);
    if (Object.hasOwn(FLOAT_FUNCTIONS, op)) FLOAT_FUNCTIONS[op](f, x, this.context);
    else if (op === "reciprocal") f.v128f32(1).get(x).simd("f32x4.div");
    else if (op === "rsqrt") f.v128f32(1).get(x).simd("f32x4.sqrt").simd("f32x4.div");
    else if (op === "relu") f.get(x).v128f32(0).simd("f32x4.pmax");
    else if (op === "relu6") f.get(x).v128f32(0).simd("f32x4.pmax").v128f32(6).simd("f32x4.pmin");
    else if (op === "isnan") f.get(x).get(x).simd("f32x4.ne");
    else if (op === "sign") {
      f.get(x).v128f32(0).simd("f32x4.gt").v128f32(1).simd("v128.and");
      f.get(x).v128f32(0).simd("f32x4.lt").v128f32(1).simd("v128.and").simd("f32x4.sub");
    } else this.#eachLane([x], op as UnaryImport);
  }

  #integerUnary(op: string, type: DType): void {
    const f = this.f;
    if (op === "neg") f.simd("i32x4.neg");
    else if (op === "abs") f.simd("i32x4.abs");
    else if (op === "relu") f.v128i32([0, 0, 0, 0]).simd("i32x4.max_s");
    else if (op === "relu6")
      f.v128i32([0, 0, 0, 0]).simd("i32x4.max_s").v128i32([6, 6, 6, 6]).simd("i32x4.min_s");
    else if (op === "sign")
      f.v128i32([1, 1, 1, 1]).simd("i32x4.min_s").v128i32([-1, -1, -1, -1]).simd("i32x4.max_s");
    if (type === "uint8") f.v128i32([255, 255, 255, 255]).simd("v128.and");
  }

  protected override binary(
    instruction: FusedInstruction & { kind: "binary" },
    values: readonly Local[],
    type: DType,
  ): void {
    const f = this.f;
    const exponent = constantExponent(this.context.loop, instruction);
    this.operand(values, instruction.a, type);
    if (exponent !== undefined) {
      this.#fixedPower(exponent);
      return;
    }
    this.operand(values, instruction.b, type);
    if (instruction.op === "pow") {
      const y = f.keep(VECTOR);
      const x = f.keep(VECTOR);
      this.#eachLane([x, y], "pow");
    } else if (type === "float32") f.simd(FLOAT_BINARY[instruction.op]);
    else if (type === "bool") f.simd(BOOL_BINARY[instruction.op]);
    else {
      f.simd(INTEGER_BINARY[instruction.op]);
      if (type === "uint8" && !isComparison(instruction.op)) f.v128i32([255, 255, 255, 255]).simd("v128.and");
    }
  }

  /** Pops x, pushes x to one of the powers that have a closed form. */
  #fixedPower(exponent: number): void {
    const f = this.f;
    const x = f.keep(VECTOR);
    if (exponent < 0) f.v128f32(1);
    f.get(x);
    if (Math.abs(exponent) === 0.5) f.simd("f32x4.sqrt");
    for (let power = 1; power < Math.abs(exponent); power++) f.get(x).simd("f32x4.mul");
    if (exponent < 0) f.simd("f32x4.div");
  }

  /** Pushes an imported function of one or two arguments, lane by lane, in 64 bits. */
  #eachLane(operands: readonly Local[], name: UnaryImport | "pow"): void {
    const f = this.f;
    f.v128f32(0);
    for (let lane = 0; lane < 4; lane++) {
      for (const operand of operands) f.get(operand).lane("f32x4.extract_lane", lane).op("f64.promote_f32");
      f.call(this.context.math[name]).op("f32.demote_f64").lane("f32x4.replace_lane", lane);
    }
  }

  /** Pushes one element in all lanes. */
  #loadSplat(base: Local, dtype: DType): void {
    const f = this.f.get(base);
    if (dtype === "float32" || dtype === "int32") f.simdMemory("v128.load32_splat");
    else if (dtype === "bfloat16") f.memory("i32.load16_u").i32(16).op("i32.shl").simd("i32x4.splat");
    else f.memory("i32.load8_u").simd("i32x4.splat");
    if (dtype === "bool") f.v128i32([0, 0, 0, 0]).simd("i32x4.ne");
  }

  #load(input: number, dtype: DType, point: Point): void {
    const { bytes, inner } = this.context.nest.accesses[input];
    const stride = bytes * inner;
    const offset = point.element * stride;
    pushAddress(this.f, point.bases[input], point.x, stride);
    if (point.lanes === 1) this.#loadFirst(bytes, offset);
    else if (inner === 1) this.#loadRow(bytes, offset);
    else this.#loadApart(bytes, offset, stride);
    if (dtype === "bfloat16") this.f.i32(16).simd("i32x4.shl");
    if (dtype === "bool") this.f.v128i32([0, 0, 0, 0]).simd("i32x4.ne");
  }

  /** Pops an address, pushes its element in the first lane. Narrow elements are extended with zeros. */
  #loadFirst(bytes: number, offset: number): void {
    const f = this.f;
    if (bytes === 4) f.simdMemory("v128.load32_zero", offset);
    else f.memory(bytes === 2 ? "i32.load16_u" : "i32.load8_u", offset).simd("i32x4.splat");
  }

  /** Pops an address, pushes four elements that lie side by side. */
  #loadRow(bytes: number, offset: number): void {
    const f = this.f;
    if (bytes === 4) f.simdMemory("v128.load", offset);
    else if (bytes === 2) f.simdMemory("v128.load16x4_u", offset);
    else
      f.simdMemory("v128.load32_zero", offset)
        .simd("i16x8.extend_low_i8x16_u")
        .simd("i32x4.extend_low_i16x8_u");
  }

  /** Pops an address, pushes four elements `stride` bytes apart. */
  #loadApart(bytes: number, offset: number, stride: number): void {
    const f = this.f;
    const address = f.keep("i32");
    f.get(address);
    this.#loadFirst(bytes, offset);
    for (let lane = 1; lane < 4; lane++) {
      const [loaded, at] = [f.keep(VECTOR), offset + lane * stride];
      if (bytes === 4) f.get(address).get(loaded).simdMemoryLane("v128.load32_lane", at, lane);
      else {
        f.get(loaded).get(address);
        f.memory(bytes === 2 ? "i32.load16_u" : "i32.load8_u", at).lane("i32x4.replace_lane", lane);
      }
    }
  }

  #store(access: number, value: Local, source: number, dtype: DType, point: Point): void {
    const f = this.f;
    const { bytes } = this.context.nest.accesses[access];
    const offset = point.element * bytes;
    pushAddress(f, point.bases[access], point.x, bytes);
    f.get(value);
    this.convert(this.context.loop.body[source].dtype, dtype);
    if (bytes === 4) {
      if (point.lanes === 4) f.simdMemory("v128.store", offset);
      else f.simdMemoryLane("v128.store32_lane", offset, 0);
    } else if (bytes === 2) this.#storeBfloat16(offset, point.lanes);
    else this.#storeBytes(offset, point.lanes, dtype);
  }

  #storeBfloat16(offset: number, lanes: 1 | 4): void {
    const f = this.f;
    this.#roundedBits();
    f.i32(16).simd("i32x4.shr_u");
    if (lanes === 1) {
      f.simdMemoryLane("v128.store16_lane", offset, 0);
      return;
    }
    const halves = f.keep(VECTOR);
    f.get(halves).get(halves).simd("i16x8.narrow_i32x4_u").simdMemoryLane("v128.store64_lane", offset, 0);
  }

  #storeBytes(offset: number, count: 1 | 4, dtype: DType): void {
    const f = this.f;
    if (dtype === "bool") f.v128i32([1, 1, 1, 1]).simd("v128.and");
    if (count === 1) {
      f.simdMemoryLane("v128.store8_lane", offset, 0);
      return;
    }
    const lanes = f.keep(VECTOR);
    f.get(lanes).get(lanes).simd("i16x8.narrow_i32x4_u");
    const halves = f.keep(VECTOR);
    f.get(halves).get(halves).simd("i8x16.narrow_i16x8_u").simdMemoryLane("v128.store32_lane", offset, 0);
  }

  /** Rounds the value on the stack to bfloat16, which it stays in 32 bits. */
  protected override localType(): ValueType {
    return VECTOR;
  }

  protected override round(): void {
    this.#roundedBits();
    this.f.v128i32([-65536, -65536, -65536, -65536]).simd("v128.and");
  }

  /** Pops 32-bit floats, pushes bits whose upper halves are theirs, rounded to even; a NaN stays one. */
  #roundedBits(): void {
    const f = this.f;
    const x = f.keep(VECTOR);
    f.get(x).v128i32([0x7fff, 0x7fff, 0x7fff, 0x7fff]).simd("i32x4.add");
    f.get(x).i32(16).simd("i32x4.shr_u").v128i32([1, 1, 1, 1]).simd("v128.and").simd("i32x4.add");
    f.v128i32([0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000]);
    f.get(x).get(x).simd("f32x4.eq").simd("v128.bitselect");
  }
}
