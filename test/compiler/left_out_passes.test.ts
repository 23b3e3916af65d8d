/** A network's training step computes the same without each of the passes that can be left out, on each engine. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { OPTIONAL_PASSES } from "../../src/compiler/compile.ts";
import * as nn from "../../src/nn/index.ts";
import { manualSeed, noGrad, profile, stopEngine, tensor, useEngine } from "../../src/tensor/index.ts";
import { missingLibrary } from "../engines/onednn/library.ts";

after(() => stopEngine());

/** Something for each pass: normalisation to fold, activations to fuse, images whose layout may change, equal work. */
async function stepOf(): Promise<{ readonly results: number[]; readonly steps: number }> {
  manualSeed(3);
  const net = nn.Sequential(
    nn.Conv2d(3, 16, { kernelSize: 3, padding: 1 }),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 16, 3),
    nn.Sigmoid(),
    nn.Flatten(),
    nn.Linear(16 * 36, 5),
  );
  const x = tensor(Array.from({ length: 2 * 3 * 256 }, (_, i) => Math.sin(i))).reshape(2, 3, 16, 16);
  const results: number[] = [];
  const runs = await profile(async () => {
    const y = net(x);
    y.mul(y).add(y.mul(y)).mean().backward();
    const gradients = [...net.parameters()].map((parameter) => parameter.grad ?? assert.fail());
    net.eval();
    const evaluated = noGrad(() => net(x));
    for (const one of [y, ...gradients, evaluated])
      results.push(...((await one.flatten().tolist()) as number[]));
  });
  return { results, steps: runs.reduce((sum, { program }) => sum + program.steps.length, 0) };
}

for (const engine of ["reference", "wasm", "onednn"]) {
  const skip = engine === "onednn" && missingLibrary();
  test(`without each pass, on ${engine}`, { skip }, async () => {
    await useEngine(engine, { exactConvolutions: true });
    const all = await stepOf();
    const differing: string[] = [];
    for (const pass of OPTIONAL_PASSES) {
      await useEngine(engine, { exactConvolutions: true, withoutPasses: [pass] });
      const one = await stepOf();
      assert.equal(one.results.length, all.results.length);
      one.results.forEach((value, i) => {
        const expected = all.results[i];
        assert.ok(
          Math.abs(value - expected) <= 1e-5 * (1 + Math.abs(expected)),
          `${pass}: ${value}, ${expected}`,
        );
      });
      if (one.steps > all.steps) differing.push(pass);
    }
    // What fuses leaves fewer steps; the reference engine asks for none of it.
    if (engine !== "reference") assert.ok(differing.includes("fuse-loops"), differing.join());
    assert.ok(differing.includes("common-subexpressions"), differing.join());
  });
}

test("a name that no pass has is refused", async () => {
  await assert.rejects(useEngine("wasm", { withoutPasses: ["fuse-loop"] }), {
    name: "ArgumentError",
    message:
      "useEngine: unknown pass `fuse-loop` in withoutPasses; did you mean `fuse-loops`? (there are: " +
      `${OPTIONAL_PASSES.join(", ")})`,
  });
});
