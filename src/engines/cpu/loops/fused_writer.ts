/** Writes the functions of one fused loop: the nest itself, and the addition of partial results. */
import { bytesOf } from "../../../base/dtype.ts";
import type { FusedLoop } from "../../contract/fused_loop.ts";
import type { BodyContext, BodyWriter, Reducer } from "./body_writer.ts";
import { identityOf, storeNumber } from "./body_writer.ts";
import type { FunctionBuilder, Local } from "./emitter.ts";
import { valueLevels } from "./fused_body.ts";
import type { Dimension, LoopNest } from "./fused_plan.ts";
import { reductionsOf } from "./fused_plan.ts";
import { ScalarBody, ScalarReducer } from "./scalar_body.ts";
import { VectorBody } from "./vector_body.ts";
import { VectorReducer } from "./vector_reducer.ts";

/** Most terms that one 32-bit accumulator takes before it is flushed into a 64-bit one. */
const TERMS = 64;

/** Parameters of every generated function: inputs, outputs, scratch, begin, end. */
interface Parameters {
  /** Inputs and stored outputs, in the order of the nest's accesses. */
  readonly bases: readonly Local[];
  /** Outputs that are reductions. */
  readonly reduced: readonly Local[];
  readonly scratch: Local;
  readonly begin: Local;
  readonly end: Local;
}

export function parameterCount(loop: FusedLoop): number {
  return loop.inputs.length + loop.outputs.length + 3;
}

function parametersOf(f: FunctionBuilder, loop: FusedLoop): Parameters {
  const inputs = f.params.slice(0, loop.inputs.length);
  const outputs = f.params.slice(loop.inputs.length, -3);
  const [scratch, begin, end] = f.params.slice(-3);
  return {
    bases: [...inputs, ...outputs.filter((_, o) => loop.outputs[o].kind === "store")],
    reduced: outputs.filter((_, o) => loop.outputs[o].kind === "reduce"),
    scratch,
    begin,
    end,
  };
}

/** Writes the loop nest. */
export function writeNest(
  f: FunctionBuilder,
  loop: FusedLoop,
  nest: LoopNest,
  options: { relaxed: boolean; math: BodyContext["math"] },
): void {
  const still = (input: number) =>
    [...nest.kept, ...nest.reduced].every((d) => d.strides[input] === 0) && nest.accesses[input].inner === 0;
  const levels = valueLevels(loop, (input) => nest.accesses[input].inner, still);
  const context: BodyContext = { f, loop, nest, levels, ...options };
  const writer = new NestWriter(context, nest.vector ? new VectorBody(context) : new ScalarBody(context));
  writer.write();
}

class NestWriter {
  readonly #f: FunctionBuilder;
  readonly #loop: FusedLoop;
  readonly #nest: LoopNest;
  readonly #body: BodyWriter;
  readonly #parameters: Parameters;
  readonly #reducers: Reducer[];

  constructor(context: BodyContext, body: BodyWriter) {
    this.#f = context.f;
    this.#loop = context.loop;
    this.#nest = context.nest;
    this.#body = body;
    this.#parameters = parametersOf(context.f, context.loop);
    this.#reducers = reductionsOf(context.loop).map((output) =>
      context.nest.vector
        ? new VectorReducer(context.f, output.op, context.nest.unroll)
        : new ScalarReducer(context.f, output.op, output.dtype),
    );
  }

  write(): void {
    const f = this.#f;
    const nest = this.#nest;
    const { begin, end, bases } = this.#parameters;
    this.#body.writeInvariants(0, bases);
    const item = f.get(begin).i32(nest.itemsPerUnit).op("i32.mul").keep("i32");
    const stop = f.get(end).i32(nest.itemsPerUnit).op("i32.mul").keep("i32");
    f.get(stop).i32(nest.items).get(stop).i32(nest.items).op("i32.lt_u").op("select").set(stop);
    f.loop(item, stop, 1, () => {
      if (nest.kind === "map") this.#mapItem(item);
      else if (nest.kind === "rows") this.#rowsItem(item);
      else this.#columnsItem(item);
    });
  }

  #mapItem(item: Local): void {
    const { kept, chunks } = this.#nest;
    const row = this.#walk(item, kept, this.#parameters.bases);
    this.#body.writeInvariants(1, row.bases);
    this.#inner(this.#lengthOf(chunks === 1 ? undefined : row.last), (x, lanes, copies) => {
      for (let copy = 0; copy < copies; copy++) {
        this.#body.writePoint({ bases: row.bases, x, element: copy * lanes, lanes });
      }
    });
  }

  #rowsItem(item: Local): void {
    const f = this.#f;
    const nest = this.#nest;
    const [keptIndex, split] = this.#divide(item, nest.splits);
    const kept = this.#walk(keptIndex, nest.kept, this.#parameters.bases);
    const [row, rowEnd] = this.#rowRange(split);
    for (const reducer of this.#reducers) reducer.reset(nest.unroll);
    const termsPerRow = Math.ceil(nest.chunk / (nest.vector ? 4 * nest.unroll : 1));
    const blockRows = Math.max(1, Math.floor(TERMS / termsPerRow));
    this.#inBlocks(row, rowEnd, blockRows, nest.unroll, () => {
      const at = this.#walk(row, nest.reduced, kept.bases);
      this.#body.writeInvariants(1, at.bases);
      this.#inner(this.#lengthOf(nest.chunks === 1 ? undefined : at.last), (x, lanes, copies) => {
        for (let copy = 0; copy < copies; copy++) {
          const values = this.#body.writePoint({ bases: at.bases, x, element: copy * lanes, lanes });
          this.#accumulate(copy, values, lanes);
        }
      });
    });
    const partial = nest.splits > 1;
    this.#reducers.forEach((reducer, o) => {
      this.#pushResultAddress(o, keptIndex, split);
      reducer.total();
      if (partial) f.memory("f64.store");
      else storeNumber(f, reductionsOf(this.#loop)[o].dtype);
    });
  }

  #columnsItem(item: Local): void {
    const f = this.#f;
    const nest = this.#nest;
    const [upper, chunk] = this.#divide(item, nest.chunks);
    const [keptIndex, split] = this.#divide(upper, nest.splits);
    const kept = this.#walk(keptIndex, nest.kept, this.#parameters.bases);
    const bases = kept.bases.map((base, a) => {
      const step = nest.chunk * nest.accesses[a].inner * nest.accesses[a].bytes;
      if (nest.chunks === 1 || step === 0) return base;
      return f.get(chunk).i32(step).op("i32.mul").get(base).op("i32.add").keep("i32");
    });
    f.get(keptIndex).i32(nest.length).op("i32.mul");
    const column = f.get(chunk).i32(nest.chunk).op("i32.mul").op("i32.add").keep("i32");
    const length = this.#lengthOf(nest.chunks === 1 ? undefined : chunk);
    this.#inner(length, (x, lanes, copies) => {
      const [row, rowEnd] = this.#rowRange(split);
      for (const reducer of this.#reducers) reducer.reset(copies);
      this.#inBlocks(row, rowEnd, TERMS, copies, () => {
        const at = this.#walk(row, nest.reduced, bases);
        this.#body.writeInvariants(1, at.bases);
        for (let copy = 0; copy < copies; copy++) {
          const values = this.#body.writePoint({ bases: at.bases, x, element: copy * lanes, lanes });
          this.#accumulate(copy, values, lanes);
        }
      });
      const first = f.get(x).i32(2).op("i32.shr_u").get(column).op("i32.add").keep("i32");
      this.#reducers.forEach((reducer, o) => {
        for (let copy = 0; copy < copies; copy++) {
          const result = f
            .get(first)
            .i32(copy * lanes)
            .op("i32.add")
            .keep("i32");
          reducer.write(copy, lanes, () => this.#pushResultAddress(o, result, split), nest.splits > 1);
        }
      });
    });
  }

  #accumulate(copy: number, values: readonly Local[], lanes: 1 | 4): void {
    reductionsOf(this.#loop).forEach((output, o) => {
      this.#reducers[o].add(copy, values[output.value], output.dtype, lanes);
    });
  }

  /** Quotient and remainder of an index; nothing to do for 1. */
  #divide(index: Local, size: number): [Local, Local] {
    const f = this.#f;
    if (size === 1) return [index, f.i32(0).keep("i32")];
    const remainder = f.get(index).i32(size).op("i32.rem_u").keep("i32");
    return [f.get(index).i32(size).op("i32.div_u").keep("i32"), remainder];
  }

  /** First row of a split, and the row after its last. */
  #rowRange(split: Local): [Local, Local] {
    const f = this.#f;
    const { rowsPerSplit, splits, reduced } = this.#nest;
    const rows = reduced.reduce((product, d) => product * d.size, 1);
    if (splits === 1) return [f.i32(0).keep("i32"), f.i32(rows).keep("i32")];
    const row = f.get(split).i32(rowsPerSplit).op("i32.mul").keep("i32");
    const end = f.get(row).i32(rowsPerSplit).op("i32.add").keep("i32");
    f.get(end).i32(rows).get(end).i32(rows).op("i32.lt_u").op("select").set(end);
    return [row, end];
  }

  /** Runs rows in blocks and flushes the accumulators after each. */
  #inBlocks(row: Local, rowEnd: Local, blockRows: number, copies: number, body: () => void): void {
    const f = this.#f;
    const blockEnd = f.local("i32");
    const flush = () => {
      for (const reducer of this.#reducers) reducer.flush(copies);
    };
    if (this.#nest.rowsPerSplit <= blockRows) {
      f.loop(row, rowEnd, 1, body);
      flush();
      return;
    }
    f.get(row)
      .get(rowEnd)
      .op("i32.lt_u")
      .when(() => {
        f.repeatWhile(() => {
          f.get(row).i32(blockRows).op("i32.add").set(blockEnd);
          f.get(blockEnd).get(rowEnd).get(blockEnd).get(rowEnd).op("i32.lt_u").op("select").set(blockEnd);
          f.loop(row, blockEnd, 1, body);
          flush();
          f.get(row).get(rowEnd).op("i32.lt_u");
        });
      });
  }

  /** Addresses of the row that `index` counts in row-major order over `dimensions`. */
  #walk(
    index: Local,
    dimensions: readonly Dimension[],
    from: readonly Local[],
  ): { bases: readonly Local[]; last: Local | undefined } {
    const f = this.#f;
    let bases = [...from];
    let rest = index;
    let last: Local | undefined;
    for (let d = dimensions.length - 1; d >= 0; d--) {
      let position = rest;
      if (d > 0) [rest, position] = this.#divide(rest, dimensions[d].size);
      last ??= position;
      bases = bases.map((base, a) => {
        const step = dimensions[d].strides[a] * this.#nest.accesses[a].bytes;
        if (step === 0) return base;
        return f.get(position).i32(step).op("i32.mul").get(base).op("i32.add").keep("i32");
      });
    }
    return { bases, last };
  }

  /** Elements in the piece of the innermost dimension at this position. */
  #lengthOf(piece: Local | undefined): number | Local {
    const { chunk, chunks, length } = this.#nest;
    if (piece === undefined) return length;
    const f = this.#f;
    if (chunk * chunks === length) return chunk;
    f.i32(length - chunk * (chunks - 1)).i32(chunk);
    return f
      .get(piece)
      .i32(chunks - 1)
      .op("i32.eq")
      .op("select")
      .keep("i32");
  }

  /** The innermost loop: unrolled vectors, then single vectors, then single elements. */
  #inner(length: number | Local, block: (x: Local, lanes: 1 | 4, copies: number) => void): void {
    const f = this.#f;
    const { vector, unroll } = this.#nest;
    const x = f.i32(0).keep("i32");
    const end = f.local("i32");
    const steps: [1 | 4, number][] = !vector
      ? [[1, 1]]
      : unroll > 1
        ? [
            [4, unroll],
            [4, 1],
            [1, 1],
          ]
        : [
            [4, 1],
            [1, 1],
          ];
    let done = 0;
    for (const [lanes, copies] of steps) {
      const size = lanes * copies;
      if (typeof length === "number") {
        const until = length - (length % size);
        if (until === done) continue;
        done = until;
        f.i32(until * 4).set(end);
      } else {
        f.get(length).i32(-size).op("i32.and").i32(2).op("i32.shl").set(end);
      }
      f.loop(x, end, 4 * size, () => block(x, lanes, copies));
    }
  }

  /** Pushes where result number `index` of reduction `o` goes: into the output, or among the partial results. */
  #pushResultAddress(o: number, index: Local, split: Local): void {
    const f = this.#f;
    const { splits, keptCount } = this.#nest;
    const { reduced, scratch } = this.#parameters;
    if (splits === 1) {
      f.get(reduced[o]).get(index).i32(outputBytes(this.#loop, o)).op("i32.mul").op("i32.add");
      return;
    }
    f.get(split).i32(keptCount).op("i32.mul").get(index).op("i32.add").i32(8).op("i32.mul");
    f.get(scratch)
      .op("i32.add")
      .i32(o * splits * keptCount * 8)
      .op("i32.add");
  }
}

function outputBytes(loop: FusedLoop, o: number): number {
  return bytesOf(reductionsOf(loop)[o].dtype);
}

/** Kept elements that one unit of the second stage adds up. */
export const COMBINE_UNIT = 512;

/** Writes the second stage: adds the partial results of every split, in order. */
export function writeCombine(f: FunctionBuilder, loop: FusedLoop, nest: LoopNest): void {
  const { reduced, scratch, begin, end } = parametersOf(f, loop);
  const stop = f.get(end).i32(COMBINE_UNIT).op("i32.mul").keep("i32");
  f.get(stop).i32(nest.keptCount).get(stop).i32(nest.keptCount).op("i32.lt_u").op("select").set(stop);
  const total = f.local("f64");
  const address = f.local("i32");
  const addressEnd = f.local("i32");
  reductionsOf(loop).forEach((output, o) => {
    const index = f.get(begin).i32(COMBINE_UNIT).op("i32.mul").keep("i32");
    f.loop(index, stop, 1, () => {
      f.f64(identityOf(output.op)).set(total);
      f.get(index).i32(8).op("i32.mul").get(scratch).op("i32.add");
      f.i32(o * nest.splits * nest.keptCount * 8)
        .op("i32.add")
        .tee(address);
      f.i32(nest.splits * nest.keptCount * 8)
        .op("i32.add")
        .set(addressEnd);
      f.repeatWhile(() => {
        f.get(total).get(address).memory("f64.load");
        f.op(output.op === "sum" ? "f64.add" : output.op === "amax" ? "f64.max" : "f64.min").set(total);
        f.get(address)
          .i32(nest.keptCount * 8)
          .op("i32.add")
          .tee(address)
          .get(addressEnd)
          .op("i32.lt_u");
      });
      f.get(reduced[o]).get(index).i32(outputBytes(loop, o)).op("i32.mul").op("i32.add").get(total);
      storeNumber(f, output.dtype);
    });
  });
}

/** Writes what a reduction over nothing gives: its identity, at every kept position. */
export function writeIdentity(f: FunctionBuilder, loop: FusedLoop, keptCount: number): void {
  const { reduced } = parametersOf(f, loop);
  const stop = f.i32(keptCount).keep("i32");
  reductionsOf(loop).forEach((output, o) => {
    const index = f.i32(0).keep("i32");
    f.loop(index, stop, 1, () => {
      f.get(reduced[o]).get(index).i32(outputBytes(loop, o)).op("i32.mul").op("i32.add");
      f.f64(identityOf(output.op));
      storeNumber(f, output.dtype);
    });
  });
}
