import assert from "node:assert/strict";
import { test } from "node:test";
import { nn, tensor } from "../../../src/index.ts";

test("a perfect loss is 0, not -0, as in PyTorch", async () => {
  const x = tensor([
    [1000, 0],
    [1000, 0],
  ]).to("float32");
  const y = tensor([0, 0]).to("int64");
  for (const reduction of ["mean", "sum"] as const) {
    const loss = await nn.functional.crossEntropy(x, y, { reduction }).item();
    assert.ok(Object.is(loss, 0), `${reduction}: ${Object.is(loss, -0) ? "-0" : loss}`);
  }
});
