import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { models, noGrad, type Tensor, tensor } from "../../src/index.ts";
import { root } from "../architecture/sources.ts";

const recorded = JSON.parse(readFileSync(join(root, "test/fixtures/models/resnet9.json"), "utf8"));

/** As the fixture's script makes them. */
function sines(shape: readonly number[], k: number, scale = 1): Tensor {
  const count = shape.reduce((all, size) => all * size, 1);
  return tensor(Float32Array.from({ length: count }, (_, i) => scale * Math.sin(i * 0.7 + k))).reshape([
    ...shape,
  ]);
}

describe("ResNet-9", () => {
  test("computes what PyTorch does, in training and after it", async () => {
    const net = models.resnet9({ width: 4 });
    const parameters = [...net.parameters()];
    assert.equal(
      parameters.reduce((all, parameter) => all + parameter.numel(), 0),
      recorded.parameters,
    );
    noGrad(() => {
      for (const [k, parameter] of parameters.entries()) parameter.copy_(sines(parameter.shape, k, 0.5));
    });
    const x = sines([3, 1, 28, 28], 0.3);
    for (const phase of ["training", "evaluation"]) {
      if (phase === "evaluation") net.eval();
      const found = (await noGrad(() => net(x)).data()) as Float32Array;
      const expected: number[] = recorded[phase].flat();
      const scale = Math.max(...expected.map(Math.abs));
      for (const [i, value] of expected.entries())
        assert.ok(Math.abs(found[i] - value) < 1e-4 * scale, `${phase} ${i}: ${found[i]}, expected ${value}`);
    }
  });

  test("is known by name, keeps its initial values, and its width can be chosen", () => {
    const { inputShape, ownInitialValues } = models.entry("resnet9");
    assert.deepEqual([inputShape, ownInitialValues], [[1, 28, 28], true]);
    const net = models.create("resnet9", { width: 8, numClasses: 3 });
    assert.deepEqual(models.architectureOf(net)?.options, { width: 8, numClasses: 3 });
    assert.throws(
      () => models.create("resnet9", { width: 0 }),
      /expected `width` to be an integer of at least 1, got 0/,
    );
    assert.throws(() => models.resnet9({ width: 2.5 }), { name: "ArgumentError" });
  });
});
