/** The diagrams show what the code has. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { stopEngine } from "../../../src/index.ts";
import { crossings, layers } from "../layer_imports.ts";
import { readSource } from "../sources.ts";
import { diagrams } from "./diagrams.ts";
import { shortestImports } from "./layers_diagram.ts";
import { recordedStep } from "./recorded_step.ts";

after(() => stopEngine());

test("an import that is reached through another layer is not drawn", () => {
  const edges = ["cli nn", "cli base", "nn tensor", "nn base", "tensor base"].map((pair) => pair.split(" "));
  assert.deepEqual(shortestImports(edges.map(([from, to]) => ({ from, to }))), [
    ["cli", "nn"],
    ["nn", "tensor"],
    ["tensor", "base"],
  ]);
});

test("every layer stands in the diagram with the layers that it imports", () => {
  const drawn = shortestImports(crossings());
  for (const name of layers.flat()) {
    if (name !== "base")
      assert.ok(
        drawn.some(([from]) => from === name),
        `${name} imports nothing`,
      );
  }
});

test("the step's numbers fit each other", async () => {
  const { recorded, captured, passes, steps, memory } = await recordedStep(4);
  assert.equal(recorded.forward + recorded.backward + recorded.update, captured.nodes);
  assert.ok(Math.min(recorded.forward, recorded.backward, recorded.update) > 0);
  assert.ok(steps.length <= (passes.at(-1)?.nodes ?? 0) && (passes.at(-1)?.nodes ?? 0) < captured.nodes);
  assert.equal(steps.filter(({ op }) => op === "conv2d").length, 2);
  assert.equal(steps.filter(({ op }) => op === "conv2dWeightGradient").length, 2);
  // Ten parameters and ten gradients.
  assert.equal(captured.states, 20);
  assert.ok(memory.inPlace > 0 && memory.inPlace <= captured.states);
});

test("docs/diagrams holds what the code draws", async () => {
  for (const [name, drawn] of Object.entries(await diagrams()))
    assert.equal(
      readSource(`docs/diagrams/${name}.svg`),
      drawn,
      `docs/diagrams/${name}.svg: run \`node build/test/docs/write_architecture.js\``,
    );
});
