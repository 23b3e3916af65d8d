import assert from "node:assert/strict";
import { test } from "node:test";
import { overlapReductions } from "../../src/compiler/passes/overlap_reductions.ts";
import { capture, constantValue, type Value } from "../../src/graph/node.ts";
import { awaitAllReduce, startAllReduce } from "../../src/ops/collective.ts";
import { add, mul, sub } from "../../src/ops/elementwise/elementwise.ts";

const given = () => constantValue(Float32Array.of(1, 2), [2], "float32");

function namesOf(outputs: Value[]): string[] {
  const captured = capture(outputs, [], () => {
    throw new Error("lost");
  });
  return overlapReductions(captured.build()).nodes.map(({ op }) => op.name);
}

test("a reduction begins as soon as its bucket is known, and is waited for as late as possible", () => {
  const x = given();
  // Two layers backwards: `mul` gives what flows on, `add` the gradient of a weight, `sub` the update of one.
  const flowing = mul(x, x);
  const last = add(flowing, x);
  const first = add(mul(flowing, x), flowing);
  const [later, sooner] = [startAllReduce([first], "tree"), startAllReduce([last], "tree")];
  const outputs = [
    sub(awaitAllReduce(sooner, [[2]])[0], x),
    sub(awaitAllReduce(later, [[2]])[0], x),
    // Depends on none.
    mul(last, last),
  ];
  // In the order in which they were recorded: here that of the bucket that is known last comes first.
  const recorded = ["mul", "mul", "add", "startAllReduce", "add", "startAllReduce"];
  const waited = ["mul", "awaitAllReduce", "sub", "awaitAllReduce", "sub"];
  assert.deepEqual(namesOf(outputs), [...recorded, ...waited]);
});

test("buckets in the order of the backward pass begin one after the other", () => {
  const x = given();
  const flowing = mul(x, x);
  const last = add(flowing, x);
  const first = add(mul(flowing, x), flowing);
  const started = [startAllReduce([last, last], "tree"), startAllReduce([first], "tree")];
  const both = awaitAllReduce(started[0], [[2], [2]]);
  const outputs = [...both, ...awaitAllReduce(started[1], [[2]])];
  assert.deepEqual(namesOf(outputs), [
    ...["mul", "add", "startAllReduce"],
    ...["mul", "add", "startAllReduce"],
    ...["awaitAllReduce", "awaitAllReduce"],
  ]);
});
