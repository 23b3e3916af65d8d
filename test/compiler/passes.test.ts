import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES, type TypedArray } from "../../src/base/dtype.ts";
import { compileGraph, optimise } from "../../src/compiler/compile.ts";
import { FROZEN_PASSES } from "../../src/compiler/side_by_side.ts";
import { ON_HOST, type ProgramTarget } from "../../src/engines/contract/engine.ts";
import { capture, constantValue, emit, type StateBuffer, Value } from "../../src/graph/node.ts";
import { constant } from "../../src/ops/creation.ts";
import * as ops from "../../src/ops/elementwise/elementwise.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { conv2d } from "../../src/ops/nn/convolution.ts";
import { maxPool2d } from "../../src/ops/nn/pooling.ts";
import { amax, sum } from "../../src/ops/reduction/reduction.ts";
import { expand, permute, reshape } from "../../src/ops/shape/shape_ops.ts";
import { runInProcess, unsharedBytes } from "./run_in_process.ts";

const LIMITS = { dtypes: DTYPES, alignment: 64, bindings: Number.POSITIVE_INFINITY, memoryBytes: 2 ** 32 };
const FUSED: ProgramTarget = { limits: LIMITS, plan: () => null, fuses: () => true };
const PLAIN: ProgramTarget = {
  limits: LIMITS,
  plan: () => ({ ...ON_HOST, place: "device" }),
  fuses: () => false,
};

function lost(): never {
  throw new Error("lost");
}

function leaf(shape: number[], seed: number): Value {
  const count = shape.reduce((a, b) => a * b, 1);
  return constantValue(
    Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i)),
    shape,
    "float32",
  );
}

function state(shape: number[], seed: number): { value: Value; buffer: StateBuffer; data: TypedArray } {
  const like = leaf(shape, seed);
  const value = new Value({ shape, dtype: "float32" });
  const buffer = { buffer: { id: seed, bytes: 4 } };
  value.state = buffer;
  return { value, buffer, data: like.data as TypedArray };
}

function evaluate(
  outputs: Value[],
  capabilities: ProgramTarget,
  states = new Map<StateBuffer, TypedArray>(),
): TypedArray[] {
  const captured = capture(outputs, [], lost);
  const program = compileGraph(captured.build(), capabilities);
  return runInProcess(
    program,
    captured.inputs.map((v) => v.data as TypedArray),
    captured.states.map((s) => states.get(s) as TypedArray),
  );
}

function assertClose(a: TypedArray[], b: TypedArray[]): void {
  assert.equal(a.length, b.length);
  a.forEach((x, i) => {
    for (let j = 0; j < x.length; j++) {
      const ok = Object.is(x[j], b[i][j]) || Math.abs(x[j] - b[i][j]) <= 1e-4 * (1 + Math.abs(b[i][j]));
      assert.ok(ok, `output ${i} element ${j}: ${x[j]} and ${b[i][j]}`);
    }
  });
}

const SHAPE = [3, 4, 5];

/** A random graph from a list of numbers: each picks an op and two earlier values. */
function build(picks: readonly number[]): Value[] {
  const values: Value[] = [leaf(SHAPE, 1), leaf([4, 1], 2), leaf([1, 1, 5], 3), leaf(SHAPE, 4)];
  for (const pick of picks) {
    const a = values[(pick >> 4) % values.length];
    const b = values[(pick >> 10) % values.length];
    values.push(oneOp(pick % 12, a, b));
  }
  return values;
}

function oneOp(kind: number, a: Value, b: Value): Value {
  const rank = a.shape.length;
  switch (kind) {
    case 0:
      return ops.add(a, b);
    case 1:
      return ops.mul(a, b);
    case 2:
      return emit(ops.tanhOp, [a]);
    case 3:
      return ops.sub(a, constant(0.5, "float32"));
    case 4:
      return sum(a, [rank - 1], true);
    case 5:
      return sum(a, rank === 3 ? [0, 2] : [0], true);
    case 6:
      return amax(a, [0], true);
    case 7:
      return expand(a, rank === 3 ? SHAPE : [4, 5]);
    case 8:
      return permute(
        permute(
          a,
          a.shape.map((_, i) => rank - 1 - i),
        ),
        a.shape.map((_, i) => rank - 1 - i),
      );
    case 9:
      return reshape(reshape(a, [a.shape.reduce((x, y) => x * y, 1)]), a.shape);
    case 10:
      return ops.where(ops.gt(a, b), b, a);
    default:
      return emit(ops.sigmoidOp, [ops.neg(a)]);
  }
}

test("fused and planned programs compute what single ops compute", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1 << 16), { minLength: 1, maxLength: 24 }),
      fc.array(fc.nat(27), { minLength: 1, maxLength: 4 }),
      (picks, wanted) => {
        const values = build(picks);
        const outputs = [
          ...new Set([values[values.length - 1], ...wanted.map((w) => values[w % values.length])]),
        ].filter((v) => !v.isMaterialised);
        assertClose(evaluate(outputs, FUSED), evaluate(outputs, PLAIN));
      },
    ),
    { numRuns: 400, seed: 7 },
  );
});

test("a chain with a reduction becomes one loop", () => {
  const x = leaf([8, 16], 1);
  const y = sum(ops.mul(emit(ops.sigmoidOp, [ops.add(x, constant(1, "float32"))]), x), [1]);
  const graph = optimise(capture([y], [], lost).build(), FUSED);
  assert.deepEqual(
    graph.nodes.map((n) => n.op.name),
    ["fused"],
  );
});

test("what needs a reduction's result runs after it", () => {
  const x = leaf([8, 16], 1);
  const y = ops.sub(x, amax(x, [1], true));
  const graph = optimise(capture([y], [], lost).build(), FUSED);
  assert.deepEqual(
    graph.nodes.map((n) => n.op.name),
    ["fused", "fused"],
  );
});

test("two reductions of one input share a loop", () => {
  const x = leaf([64, 32], 1);
  const g = leaf([64, 32], 2);
  const graph = optimise(capture([sum(g, [0]), sum(ops.mul(g, x), [0])], [], lost).build(), FUSED);
  assert.equal(graph.nodes.length, 1);
  assert.equal(graph.nodes[0].outputs.length, 2);
});

test("an activation moves into the matmul before it, unless its input is read elsewhere", () => {
  const a = leaf([4, 6], 1);
  const w = leaf([6, 3], 2);
  const product = matmul(a, w);
  const y = emit(ops.reluOp, [product]);
  const alone = optimise(capture([y], [], lost).build(), FUSED);
  assert.deepEqual(
    alone.nodes.map((n) => [n.op.name, n.attributes.activation]),
    [["matmul", "relu"]],
  );
  const read = optimise(capture([y, product], [], lost).build(), FUSED);
  assert.deepEqual(
    read.nodes.map((n) => n.op.name),
    ["matmul", "fused"],
  );
  assertClose(evaluate([y], FUSED), evaluate([y], PLAIN));
});

test("a pooling keeps no places of its maxima that nothing reads, if the engine has a kernel for that", () => {
  const pool = { kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false };
  const [y, places] = maxPool2d(leaf([1, 2, 4, 4], 1), pool);
  const outputs = (read: Value[], target: ProgramTarget) =>
    optimise(capture(read, [], lost).build(), target).nodes[0].outputs.length;
  assert.equal(outputs([y], PLAIN), 1);
  assert.equal(outputs([y, places], PLAIN), 2);
  assert.equal(outputs([places], PLAIN), 2);
  const wantsBoth: ProgramTarget = {
    ...PLAIN,
    plan: (step) => (step.outputs.length === 2 ? PLAIN.plan(step) : null),
  };
  assert.equal(outputs([y], wantsBoth), 2);
  assertClose(evaluate([y], PLAIN), evaluate([y], wantsBoth));
});

test("only a program that keeps its weights tells the engine that no gradients are wanted", () => {
  const asked = new Set<boolean | undefined>();
  const target: ProgramTarget = {
    ...PLAIN,
    plan: (step) => {
      asked.add(step.forwardOnly);
      return PLAIN.plan(step);
    },
  };
  const graph = capture([scaledConvolution().result], [], lost).build();
  compileGraph(graph, target);
  assert.deepEqual([...asked], [undefined]);
  asked.clear();
  compileGraph(graph, target, FROZEN_PASSES);
  assert.deepEqual([...asked], [true]);
});

/** A convolution, perhaps with a bias, times a factor of each channel plus an addend of each, through ReLU6. */
function scaledConvolution({ images = 3, bias = false } = {}) {
  const geometry = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
  const weight = leaf([4, 2, 3, 3], 2);
  const y = conv2d(leaf([images, 2, 5, 6], 1), weight, geometry, bias ? leaf([4], 5) : undefined);
  const factors = reshape(ops.exp(leaf([4], 3)), [1, 4, 1, 1]);
  const scaled = ops.add(reshape(leaf([4], 4), [1, 4, 1, 1]), ops.mul(y, factors));
  return { y, scaled, result: emit(ops.relu6Op, [scaled]) };
}

const namesIn = (outputs: Value[], target: ProgramTarget) =>
  optimise(capture(outputs, [], lost).build(), target).nodes.map(({ op, attributes }) =>
    [op.name, attributes.activation].filter((part) => part !== undefined).join(" "),
  );

test("factor and addend of each channel move into the convolution before them, and the activation after", () => {
  for (const bias of [false, true]) {
    const { result } = scaledConvolution({ bias });
    const names = namesIn([result], FUSED);
    assert.equal(names.at(-1), "conv2d relu6");
    assert.equal(names.filter((name) => name.startsWith("conv2d")).length, 1);
    assertClose(evaluate([result], FUSED), evaluate([result], PLAIN));
  }
});

test("they stay if the convolution is read elsewhere, the weight is larger than the result, or nothing is joined", () => {
  const { y, scaled, result } = scaledConvolution();
  assert.equal(namesIn([result, y], FUSED).includes("conv2d relu6"), false);
  assert.equal(namesIn([result, scaled], FUSED).includes("conv2d"), true, "the sum is what is kept");
  const one = conv2d(leaf([1, 8, 2, 2], 1), leaf([4, 8, 3, 3], 2), {
    ...{ stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 },
  });
  const small = ops.add(ops.mul(one, leaf([1, 4, 1, 1], 3)), leaf([1, 4, 1, 1], 4));
  assert.deepEqual(namesIn([small], FUSED), ["conv2d", "fused"]);
  assert.deepEqual(
    namesIn([result], PLAIN).filter((name) => ["mul", "add", "relu6"].includes(name)),
    ["mul", "add", "relu6"],
  );
});

test("equal computations happen once", () => {
  const x = leaf([4], 1);
  const y = ops.add(ops.mul(x, x), ops.mul(x, x));
  const graph = optimise(capture([y], [], lost).build(), PLAIN);
  assert.equal(graph.nodes.filter((n) => n.op.name === "mul").length, 1);
});

test("values that are never alive together share bytes", () => {
  let x = leaf([1000], 1);
  for (let i = 0; i < 10; i++) x = permute(reshape(emit(ops.tanhOp, [x]), [10, 100]), [1, 0]);
  const program = compileGraph(capture([x], [], lost).build(), PLAIN);
  assert.ok(program.arenaBytes <= 3 * 4032, `${program.arenaBytes} bytes`);
  assert.ok(unsharedBytes(program) > 10 * 4000);
});

test("an update is written over the state it replaces, and not before others have read it", () => {
  const w = state([4, 4], 1);
  const x = leaf([2, 4], 2);
  const y = matmul(x, w.value);
  const next = ops.sub(w.value, ops.mul(w.value, constant(0.1, "float32")));
  const after = matmul(y, w.value);
  const captured = capture([after], [{ from: next, to: w.buffer }], lost);
  for (const capabilities of [FUSED, PLAIN]) {
    const program = compileGraph(captured.build(), capabilities);
    const weights = w.data.slice();
    const [result] = runInProcess(
      program,
      captured.inputs.map((v) => v.data as TypedArray),
      [weights],
    );
    const expected = evaluate([after], PLAIN, new Map([[w.buffer, w.data]]));
    assertClose([result], expected);
    assertClose([weights], [w.data.map((v) => v * 0.9) as TypedArray]);
  }
  const late = capture([y], [{ from: next, to: w.buffer }], lost);
  assert.equal(compileGraph(late.build(), FUSED).commits.length, 0, "written in place");
});

test("the same structure has the same key whatever the data", () => {
  const key = (seed: number, factor: number) => {
    const x = leaf([4], seed);
    return capture([ops.mul(x, constantValue(Float32Array.of(factor), [], "float32"))], [], lost).key;
  };
  assert.equal(key(1, 0.1), key(2, 0.01));
  const other = capture(
    [ops.add(leaf([4], 1), constantValue(Float32Array.of(1), [], "float32"))],
    [],
    lost,
  ).key;
  assert.notEqual(key(1, 0.1), other);
});

test("an engine that takes few operands, or has no loop for an op, gets no loop that it cannot run", () => {
  const asked: string[] = [];
  const few: ProgramTarget = {
    limits: { ...LIMITS, bindings: 4 },
    plan: () => ({ ...ON_HOST, place: "device" }),
    fuses: ({ op }) => {
      asked.push(op);
      return op !== "exp";
    },
  };
  let x = leaf(SHAPE, 1);
  for (let i = 2; i < 12; i++) x = ops.add(x, leaf(SHAPE, i));
  const y = ops.mul(emit(ops.expOp, [x]), x);
  const program = compileGraph(capture([y], [], lost).build(), few);
  assert.ok(asked.includes("exp") && asked.includes("add"));
  assert.deepEqual(
    program.steps.filter(({ op }) => op === "exp").map(({ plan }) => plan.place),
    ["device"],
  );
  const loops = program.steps.filter(({ op }) => op === "fused");
  assert.ok(loops.length > 1);
  for (const { inputs, outputs } of loops) assert.ok(inputs.length + outputs.length <= 4);
  const [narrow, wide] = [few, FUSED].map((target) => evaluate([y], target));
  assertClose(narrow, wide);
});

test("the arena follows the engine's alignment; a dtype that the engine cannot hold is refused", () => {
  const aligned: ProgramTarget = { ...FUSED, limits: { ...LIMITS, alignment: 256 } };
  const y = sum(ops.add(leaf([3], 1), leaf([3], 2)), [0], false);
  const { values } = compileGraph(capture([y], [], lost).build(), aligned);
  const offsets = values.filter(({ offset }) => offset >= 0).map(({ offset }) => offset);
  assert.ok(offsets.length > 2);
  for (const offset of offsets) assert.equal(offset % 256, 0);
  const narrow: ProgramTarget = { ...FUSED, limits: { ...LIMITS, dtypes: ["int32"] } };
  assert.throws(() => compileGraph(capture([y], [], lost).build(), narrow), {
    name: "DTypeError",
    message: /cannot hold float32 values, only int32/,
  });
});

test("an engine applies an activation only if it says that it can", () => {
  const product = () => emit(ops.reluOp, [matmul(leaf([3, 4], 1), leaf([4, 2], 2))]);
  const activations = (fuses: ProgramTarget["fuses"]) =>
    compileGraph(capture([product()], [], lost).build(), { ...FUSED, fuses })
      .steps.filter(({ op }) => op === "matmul")
      .map(({ attributes }) => attributes.activation);
  assert.deepEqual(
    activations(() => true),
    ["relu"],
  );
  assert.deepEqual(
    activations(({ attributes }) => attributes.activation === undefined),
    [undefined],
  );
});

test("a step is planned once, however many passes ask", () => {
  const asked = new Map<string, number>();
  const counting: ProgramTarget = {
    ...FUSED,
    plan: ({ op }) => {
      asked.set(op, (asked.get(op) ?? 0) + 1);
      return null;
    },
  };
  const y = matmul(leaf([3, 4], 1), leaf([4, 2], 2));
  const program = compileGraph(capture([y], [], lost).build(), counting);
  assert.equal(asked.get("matmul"), 1);
  assert.equal(program.steps.find(({ op }) => op === "matmul")?.plan.place, "host");
});
