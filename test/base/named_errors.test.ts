/** What errors carry besides their text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ConvoyantError, nameError } from "../../src/base/errors.ts";
import { add, DivergenceError, nn, ShapeError, TrainingError, tensor, zeros } from "../../src/index.ts";
import { recordError, reviveError } from "../../src/workers/errors_across.ts";

/** What a body throws. */
function thrownBy(body: () => unknown): ConvoyantError {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof ConvoyantError);
    return error;
  }
  throw new Error("it did not throw");
}

test("an error of an op has the op and the layer, in its text, its fields and its stack", () => {
  const net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Sequential(nn.Conv2d(8, 16, 5)));
  const error = thrownBy(() => net(zeros(1, 1, 28, 28)));
  assert.ok(error instanceof ShapeError);
  assert.deepEqual([error.op, error.layer], ["conv2d", "net.1.0"]);
  assert.match(error.message, /^conv2d \(net\.1\.0\): expected 8 input channels, got 6/);
  assert.ok(error.stack?.startsWith(`ShapeError: ${error.message}`));
  // What it carries is not printed with it.
  assert.ok(!inspect(error).includes("layer:"));
});

test("an error of a function called outside of a layer has no layer", () => {
  const error = thrownBy(() => nn.functional.conv2d(zeros(1, 6, 9, 9), zeros(16, 8, 5, 5)));
  assert.deepEqual([error.op, error.layer], ["conv2d", undefined]);
  assert.match(error.message, /^conv2d: expected/);
  const sum = thrownBy(() => add(zeros(2), zeros(3)));
  assert.equal(sum.op, "add");
  assert.match(sum.message, /^add: shapes \[2\] and \[3\] do not broadcast/);
  const half = thrownBy(() => zeros(1).maskedFill(tensor([true]), "x" as unknown as number));
  assert.match(half.message, /^maskedFill: expected a number, got "x"/);
  assert.equal(thrownBy(() => tensor([1, 2]).reshape(3)).op ?? "reshape", "reshape");
});

test("a later name stands in place of an earlier one", () => {
  const error = new ConvoyantError("expected a b: c", { nameless: true });
  nameError(error, "inner", "net.3");
  nameError(error, "outer");
  assert.equal(error.message, "outer: expected a b: c");
  assert.deepEqual([error.op, error.layer, error.nameless], ["outer", undefined, false]);
});

test("a DivergenceError is a TrainingError, carries where it happened, and crosses threads", () => {
  const where = { epoch: 2, step: 13, loss: Number.NaN, weight: null };
  const error = new DivergenceError("the loss became NaN", { ...where, cure: "; try less" });
  assert.ok(error instanceof TrainingError && error instanceof ConvoyantError);
  const { epoch, step, loss, weight, message, problem } = error;
  assert.deepEqual({ epoch, step, loss, weight }, where);
  assert.deepEqual([message, problem], ["the loss became NaN; try less", "the loss became NaN"]);
  const revived = reviveError(recordError(error));
  assert.ok(revived instanceof DivergenceError);
  assert.equal(revived.message, message);
});
