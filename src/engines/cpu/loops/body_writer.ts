/** What the two ways of writing a loop's body, four lanes at a time or one by one, have in common. */
import type { DType, HalfDType } from "../../../base/dtype.ts";
import type { FusedInstruction, FusedLoop } from "../../contract/fused_loop.ts";
import type { FunctionBuilder, Local, ValueType } from "./emitter.ts";
import { operandType, roundingCasts } from "./fused_body.ts";
import type { LoopNest } from "./fused_plan.ts";
import type { UnaryImport } from "./math_imports.ts";

/** Everything a body needs while it is written. */
export interface BodyContext {
  readonly f: FunctionBuilder;
  readonly loop: FusedLoop;
  readonly nest: LoopNest;
  readonly levels: readonly (0 | 1 | 2)[];
  readonly relaxed: boolean;
  /** Function indices of the imported mathematics. */
  readonly math: Readonly<Record<UnaryImport | "pow", number>>;
}

/** Where a point of the innermost loop lies. */
export interface Point {
  /** Byte address of the row's start, one per access. */
  readonly bases: readonly Local[];
  /** Four times the element's index in the row. */
  readonly x: Local;
  /** Elements to add to that, fixed when the code is written. */
  readonly element: number;
  readonly lanes: 1 | 4;
}

export interface BodyWriter {
  /** Values that do not change in the function (0) or in the row (1). */
  writeInvariants(level: 0 | 1, bases: readonly Local[]): void;
  /** Evaluates the body at a point and stores the stored outputs. Returns the locals of all values. */
  writePoint(point: Point): readonly Local[];
}

/** What the bodies of one element and of four lanes share: which instruction is evaluated when. */
export abstract class LoopBody implements BodyWriter {
  protected readonly context: BodyContext;
  protected readonly f: FunctionBuilder;
  /** The locals of what does not change in the function or in the row. */
  protected readonly invariant: Local[] = [];
  readonly #rounding: ReadonlySet<number>;

  constructor(context: BodyContext) {
    this.context = context;
    this.f = context.f;
    this.#rounding = roundingCasts(context.loop);
  }

  abstract writeInvariants(level: 0 | 1, bases: readonly Local[]): void;
  abstract writePoint(point: Point): readonly Local[];

  /** Pops a value and pushes it rounded to a 16-bit float. */
  protected abstract round(dtype: HalfDType): void;
  /** The type of a local that holds a value of this dtype. */
  protected abstract localType(dtype: DType): ValueType;

  /** Pushes a constant. */
  protected abstract constant(value: number, dtype: DType): void;
  /** Pops a value of one dtype and pushes it as another. */
  protected abstract convert(from: DType, to: DType): void;
  /** Pops two values and a condition and pushes the first if it holds, else the second. */
  protected abstract select(): void;
  /** Pops a value of `dtype` and pushes the op's result. */
  protected abstract unary(op: string, dtype: DType): void;
  protected abstract binary(
    instruction: FusedInstruction & { kind: "binary" },
    values: readonly Local[],
    dtype: DType,
  ): void;

  /** Pushes value i as `dtype`. */
  protected operand(values: readonly Local[], i: number, dtype: DType): void {
    this.f.get(values[i]);
    this.convert(this.context.loop.body[i].dtype, dtype);
  }

  /** Pushes the value of an instruction. `load` pushes an element of an input, whose dtype it is told. */
  protected write(
    instruction: FusedInstruction,
    values: readonly Local[],
    load: (input: number, stored: DType) => void,
  ): void {
    const { loop } = this.context;
    switch (instruction.kind) {
      case "load": {
        const stored = loop.inputs[instruction.input].dtype;
        load(instruction.input, stored);
        this.convert(stored, instruction.dtype);
        break;
      }
      case "constant":
        this.constant(instruction.value, instruction.dtype);
        break;
      case "cast":
        this.operand(values, instruction.a, instruction.dtype);
        break;
      case "where":
        this.operand(values, instruction.a, instruction.dtype);
        this.operand(values, instruction.b, instruction.dtype);
        this.operand(values, instruction.condition, "bool");
        this.select();
        break;
      case "unary": {
        const dtype = operandType(loop, instruction);
        this.operand(values, instruction.a, dtype);
        this.unary(instruction.op, dtype);
        break;
      }
      case "binary":
        this.binary(instruction, values, operandType(loop, instruction));
        break;
    }
  }

  /** Evaluates the instructions of one level: `write` pushes a value, which goes into a local of its own. */
  protected evaluate(
    level: 0 | 1 | 2,
    values: Local[],
    write: (instruction: FusedInstruction) => void,
  ): void {
    const { loop, levels } = this.context;
    loop.body.forEach((instruction, i) => {
      if (levels[i] !== level) return;
      write(instruction);
      if (this.#rounding.has(i)) this.round(instruction.dtype as HalfDType);
      values[i] = this.f.keep(this.localType(instruction.dtype));
    });
  }
}

/** Accumulators of one reduced output. `copies` are the unrolled vectors, each with its own. */
export interface Reducer {
  reset(copies: number): void;
  add(copy: number, value: Local, dtype: DType, lanes: 1 | 4): void;
  /** Moves 32-bit partial sums into 64-bit ones, before they lose digits. */
  flush(copies: number): void;
  /** Leaves the sum of all copies and lanes on the stack, as f64. */
  total(): void;
  /**
   * Writes the lanes of one copy, each a result of its own. `address` pushes where; they go as f64 if
   * `partial`, else as the output's dtype.
   */
  write(copy: number, lanes: 1 | 4, address: () => void, partial: boolean): void;
}

/** Pushes the address of element x + `element` of an access, without the part that `offsetOf` gives. */
export function pushAddress(f: FunctionBuilder, base: Local, x: Local, strideBytes: number): void {
  f.get(base);
  if (strideBytes === 0) return;
  f.get(x);
  if (strideBytes === 1) f.i32(2).op("i32.shr_u");
  else if (strideBytes % 4 !== 0) f.i32(2).op("i32.shr_u").i32(strideBytes).op("i32.mul");
  else if (strideBytes > 4) f.i32(strideBytes / 4).op("i32.mul");
  f.op("i32.add");
}

/** Pops an f64 and an address and stores the number as `dtype`. */
export function storeNumber(f: FunctionBuilder, dtype: DType): void {
  switch (dtype) {
    case "float64":
    case "int64":
      f.memory("f64.store");
      break;
    case "float32":
      f.op("f32.demote_f64").memory("f32.store");
      break;
    case "int32":
      f.op("i64.trunc_sat_f64_s").op("i32.wrap_i64").memory("i32.store");
      break;
    case "uint8":
      f.op("i64.trunc_sat_f64_s").op("i32.wrap_i64").memory("i32.store8");
      break;
    case "bool":
      f.f64(0).op("f64.ne").memory("i32.store8");
      break;
    case "float16":
    case "bfloat16":
      throw new Error(`${dtype} numbers are reduced as float32`);
  }
}

export type Reduction = "sum" | "amax" | "amin";

/** What a reduction starts from. */
export function identityOf(op: Reduction): number {
  return op === "sum" ? 0 : op === "amax" ? -Infinity : Infinity;
}
