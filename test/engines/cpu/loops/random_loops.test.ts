import assert from "node:assert/strict";
import { test } from "node:test";
import type { DType, TypedArray } from "../../../../src/base/dtype.ts";
import type { FusedLoop } from "../../../../src/engines/contract/fused_loop.ts";
import { interpret } from "./loop_oracle.ts";
import { inputLength, Random, randomInput, randomLoop } from "./random_loops.ts";
import { prepareLoop } from "./run_loop.ts";

/**
 * Discrete ops (comparisons, rounding, sign) downstream of a function that is off by a unit in the last place
 * may jump, so loops with both are compared only for their bits on several threads.
 */
function exactlyComparable(loop: FusedLoop): boolean {
  const approximate = new Set(["exp", "sigmoid", "tanh", "erf", "expm1", "sin", "cos", "sqrt"]);
  const jumps = new Set(["floor", "ceil", "round", "trunc", "sign", "eq", "ne", "lt", "le", "gt", "ge"]);
  const ops = loop.body.map((i) => ("op" in i ? i.op : i.kind === "cast" ? "cast" : ""));
  const floatCast = loop.body.some(
    (i) => i.kind === "cast" && loop.body[i.a].dtype.startsWith("float") && !i.dtype.startsWith("float"),
  );
  return !ops.some((op) => approximate.has(op)) || !(floatCast || ops.some((op) => jumps.has(op)));
}

function same(actual: TypedArray, expected: TypedArray, scale: Float64Array | undefined, name: string): void {
  assert.equal(actual.length, expected.length, name);
  for (let i = 0; i < actual.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const tolerance = 2e-6 * Math.max(scale?.[i] ?? 0, Math.abs(expected[i]), 0.05);
    const close = Math.abs(actual[i] - expected[i]) <= tolerance;
    assert.ok(close, `${name} [${i}]: got ${actual[i]}, expected ${expected[i]}`);
  }
}

function check(seed: number, dtypes: readonly DType[], special: boolean): void {
  const random = new Random(seed);
  const loop = randomLoop(random, dtypes);
  const inputs = loop.inputs.map(({ dtype, strides }) =>
    randomInput(random, dtype, inputLength(loop.shape, strides), special),
  );
  const prepared = prepareLoop(loop, { shared: seed % 2 === 0 });
  const name = `seed ${seed}: ${JSON.stringify(loop)}`;
  const actual = prepared.run(inputs, 1);
  if (exactlyComparable(loop) && !overflows(loop, special)) {
    const expected = interpret(loop, inputs);
    actual.forEach((data, o) => same(data, expected.outputs[o], expected.scales[o], `${name} output ${o}`));
  }
  for (const threads of [2, 3]) {
    const split = prepared.run(inputs, threads);
    split.forEach((data, o) => {
      assert.deepEqual(
        Buffer.from(data.buffer),
        Buffer.from(actual[o].buffer),
        `${name}: ${threads} threads`,
      );
    });
  }
}

/** Casts of huge floats, infinity or NaN to integers are not defined. */
function overflows(loop: FusedLoop, special: boolean): boolean {
  const integer = (dtype: DType) => dtype === "int32" || dtype === "uint8" || dtype === "int64";
  const floatToInteger = loop.body.some(
    (i) => i.kind === "cast" && loop.body[i.a].dtype.startsWith("float") && integer(i.dtype),
  );
  return (
    floatToInteger && (special || loop.body.some((i) => "op" in i && (i.op === "exp" || i.op === "expm1")))
  );
}

for (const [name, dtypes] of [
  ["float32", ["float32"]],
  ["float32 and bool", ["float32", "bool"]],
  ["four-lane dtypes", ["float32", "bool", "int32", "uint8"]],
  ["all dtypes", ["float32", "float64", "int32", "int64", "uint8", "bool"]],
] as [string, DType[]][]) {
  test(`random loops of ${name} agree with the interpreter, with the same bits on 1, 2 and 3 threads`, () => {
    for (let seed = 1; seed <= 250; seed++) check(seed, dtypes, false);
  });
  test(`random loops of ${name} with NaN and infinities`, () => {
    for (let seed = 1001; seed <= 1150; seed++) check(seed, dtypes, true);
  });
}
