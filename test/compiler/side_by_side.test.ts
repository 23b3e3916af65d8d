import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES, type TypedArray } from "../../src/base/dtype.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import { FROZEN_PASSES } from "../../src/compiler/side_by_side.ts";
import { ON_HOST, type Program, type ProgramTarget } from "../../src/engines/contract/engine.ts";
import { valueBytes } from "../../src/engines/contract/run_program.ts";
import { capture, constantValue, emit, type Value } from "../../src/graph/node.ts";
import * as ops from "../../src/ops/elementwise/elementwise.ts";
import { reshape } from "../../src/ops/shape/shape_ops.ts";
import { cat } from "../../src/ops/shape/slicing.ts";
import { runInProcess } from "./run_in_process.ts";

const LIMITS = { dtypes: DTYPES, alignment: 64, bindings: Number.POSITIVE_INFINITY, memoryBytes: 2 ** 32 };
/** Each step has a kernel, with scratch space, and none becomes part of another. */
const DEVICE: ProgramTarget = {
  limits: LIMITS,
  plan: () => ({ ...ON_HOST, place: "device", scratchBytes: 100 }),
  fuses: () => false,
};
const HOST: ProgramTarget = { ...DEVICE, plan: () => ON_HOST };

function input(): Value {
  return constantValue(Float32Array.of(1, -2, 3, 4), [2, 2], "float32");
}

function compiled(outputs: readonly Value[], target = DEVICE, keepsWeights = true) {
  const captured = capture([...outputs], [], () => {
    throw new Error("lost");
  });
  const program = compileGraph(captured.build(), target, keepsWeights ? FROZEN_PASSES : null);
  const data = captured.inputs.map((value) => value.data as TypedArray);
  return { program, data };
}

const UNARY = [ops.negOp, ops.expOp, ops.sinOp, ops.cosOp];

const names = ({ steps }: Program) => steps.map(({ op, joinsNext }) => (joinsNext ? `${op} |` : op));

/** Two branches of two steps each, and what brings them together. */
function branches(): Value {
  const x = input();
  const first = emit(ops.expOp, [emit(ops.negOp, [x])]);
  const second = emit(ops.sinOp, [reshape(emit(ops.cosOp, [x]), [4])]);
  return cat([first, reshape(second, [2, 2])], 0);
}

test("branches run side by side, if weights are kept and each step has a kernel", () => {
  assert.deepEqual(names(compiled([branches()]).program), ["neg |", "cos", "exp |", "sin", "cat"]);
  assert.deepEqual(names(compiled([branches()], HOST).program), ["neg", "cos", "exp", "sin", "cat"]);
  const unsorted = compiled([branches()], DEVICE, false).program;
  assert.deepEqual(names(unsorted), ["neg", "exp", "cos", "sin", "cat"]);
});

/** Bytes of the arena that a step reads and that it writes. */
function spans(program: Program, at: number): { read: number[][]; written: number[][] } {
  const span = (id: number): number[] => {
    let root = id;
    while (program.values[root].kind === "alias") root = program.values[root].index;
    const value = program.values[root];
    return value.kind === "state" ? [] : [value.offset, value.offset + valueBytes(value)];
  };
  const { inputs, outputs, scratch } = program.steps[at];
  const own = [scratch.offset, scratch.offset + scratch.bytes];
  return { read: inputs.map(span), written: [...outputs.map(span), own] };
}

const overlap = (some: number[][], others: number[][]) =>
  some.some(([a, b]) => others.some(([c, d]) => a < d && c < b));

test("no step overwrites what one that runs beside it reads or writes, and results stay", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 24 }), (picks) => {
      const values = [input()];
      for (const pick of picks) {
        const [a, b] = [values[(pick >> 4) % values.length], values[(pick >> 9) % values.length]];
        values.push(pick % 5 === 4 ? ops.add(emit(ops.tanhOp, [a]), b) : emit(UNARY[pick % 5], [a]));
      }
      const outputs = values.slice(-2);
      const { program, data } = compiled(outputs);
      let group: number[] = [];
      program.steps.forEach(({ joinsNext }, at) => {
        const { read, written } = spans(program, at);
        for (const other of group) {
          const others = spans(program, other);
          assert.ok(!overlap(written, [...others.read, ...others.written]), names(program).join(" "));
          assert.ok(!overlap(read, others.written), names(program).join(" "));
        }
        group = joinsNext ? [...group, at] : [];
      });
      const usual = compiled(outputs, DEVICE, false);
      assert.deepEqual(runInProcess(program, data, []), runInProcess(usual.program, usual.data, []));
    }),
  );
});
