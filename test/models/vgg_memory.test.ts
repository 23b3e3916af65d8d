/** The full VGG-11 and VGG-16 at batch 128: planned, in slices, for the memory that an engine has. Nothing runs. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Program, ProgramTarget } from "../../src/engines/contract/engine.ts";
import { createEngine } from "../../src/engines/select.ts";
import { capture, Value } from "../../src/graph/node.ts";
import { vgg } from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { autocast, crossEntropy, stopEngine, type Tensor, zeros } from "../../src/tensor/index.ts";
import { missingLibrary } from "../engines/onednn/library.ts";

after(stopEngine);

const GIB = 2 ** 30;

/** Puts weights where they are in training, in buffers of the engine, without initialising them. */
function settleWeights(net: Module): number {
  let bytes = 0;
  for (const parameter of net.parameters()) {
    const { shape, dtype } = parameter.cell.value;
    const value = new Value({ shape, dtype });
    const size = 4 * parameter.numel();
    value.state = { buffer: { id: parameter.cell.value.index, bytes: size } };
    value.requiresGrad = true;
    value.gradientOwner = parameter;
    parameter.cell.value = value;
    bytes += size;
  }
  return bytes;
}

/** Forward and backward pass of a slice; the gradients are results, as they are in training. */
function passes(net: Module, examples: number, target: ProgramTarget, half: boolean): Program {
  const y = zeros([examples], { dtype: "int64" });
  const body = () => crossEntropy(net(zeros(examples, 1, 224, 224)) as Tensor, y);
  const loss = half ? autocast(body) : body();
  loss.backward();
  const gradients = [...net.parameters()].map((parameter) => {
    assert.ok(parameter.grad);
    return parameter.grad.value;
  });
  const { build } = capture([loss.value, ...gradients], [], () => assert.fail("a value is lost"));
  for (const parameter of net.parameters()) parameter.grad = null;
  return compileGraph(build(), target);
}

for (const depth of [11, 16] as const) {
  for (const [engine, half] of [
    ["wasm", false],
    ["onednn", false],
    ["onednn", true],
  ] as const) {
    const name = `vgg(${depth}) on ${engine} in ${half ? "bf16" : "f32"}`;
    const skip = engine === "onednn" && missingLibrary();
    test(`${name}: slices of 16 fit with momentum, the batch of 128 does not`, { skip }, async () => {
      const started = createEngine(engine, { threads: 1 });
      const target = await started.start();
      const net = vgg(depth);
      const weights = settleWeights(net);
      // The weights, the gradients that are added up, the optimiser's memory.
      const kept = 3 * weights;
      assert.ok(kept + passes(net, 16, target, half).arenaBytes < 4 * GIB);
      assert.ok(kept + passes(net, 128, target, half).arenaBytes > 4 * GIB);
      await started.stop();
    });
  }
}
