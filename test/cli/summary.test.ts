import assert from "node:assert/strict";
import { test } from "node:test";
import { convoyantHere } from "./convoyant_here.ts";
import { temporaryFolder } from "./run_cli.ts";

temporaryFolder();

test("summary prints the book's shapes and ends with the number of parameters", async () => {
  const { code, events, stderr } = await convoyantHere(["summary", "lenet", "--json"]);
  assert.equal(code, 0, stderr);
  const layers = events.slice(0, -1);
  assert.deepEqual(
    layers.map(({ outputShape }) => outputShape.join("x")),
    [
      "6x28x28",
      "6x28x28",
      "6x14x14",
      "16x10x10",
      "16x10x10",
      "16x5x5",
      "400",
      "120",
      "120",
      "84",
      "84",
      "10",
    ],
  );
  const end = events.at(-1) as Record<string, unknown>;
  assert.equal(end.event, "end");
  assert.equal(end.parameters, 61_706);
  assert.equal(end.multiplyAdds, 28 * 28 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10);
  assert.equal(layers[0].bytes, 4 * 6 * 28 * 28);
  const people = await convoyantHere(["summary", "lenet"]);
  assert.match(people.stdout, /0 +Conv2d +6×28×28 +156/);
  assert.match(people.stdout, /61,706/);
});

test("BN-LeNet has the book's 44,878 parameters; metrics count for a batch", async () => {
  const one = await convoyantHere(["summary", "bn-lenet", "--json"]);
  const many = await convoyantHere(["summary", "bn-lenet", "--batch-size", "256", "--json"]);
  assert.equal(one.events.at(-1)?.parameters, 44_878);
  assert.equal(many.events.at(-1)?.parameters, 44_878);
  assert.equal(many.events.at(-1)?.multiplyAdds, 256 * one.events.at(-1)?.multiplyAdds);
  assert.equal(many.events.at(-1)?.bytes, 256 * one.events.at(-1)?.bytes);
});

test("an image that is too small for the network names the layer", async () => {
  const { code, stderr } = await convoyantHere(["summary", "lenet", "--resize", "8"]);
  assert.equal(code, 1);
  assert.match(stderr, /ShapeError: conv2d \(net\.3\)/);
});

test("--program prints each step of a training step with shapes, bytes and time", async () => {
  const args = [
    "summary",
    "bn-lenet",
    "--program",
    "--batch-size",
    "32",
    "--engine",
    "wasm",
    "--threads",
    "1",
  ];
  const { code, events, stderr } = await convoyantHere([...args, "--json"]);
  assert.equal(code, 0, stderr);
  const steps = events.filter(({ event }) => event === "step");
  const end = events.at(-1) as Record<string, number>;
  assert.equal(end.steps, steps.length);
  assert.equal(end.parameters, 44_878);
  assert.ok(end.arenaBytes > 0);
  assert.ok(
    steps.some(
      ({ op, layer, inputs }) => op === "conv2d" && layer === "net.0" && inputs[0] === "float32[32,1,28,28]",
    ),
  );
  for (const gradient of ["conv2dInputGradient", "conv2dWeightGradient", "avgPool2dGradient"]) {
    assert.ok(
      steps.some(({ op }) => op === gradient),
      gradient,
    );
  }
  for (const step of steps) assert.ok(step.bytes > 0 && step.milliseconds >= 0);
  const people = await convoyantHere(args);
  assert.match(people.stdout, /program: \d+ steps, .* arena .* ms\n/);
  assert.match(people.stdout, /0 +conv2d +net\.0 +@0 \[32, 1, 28, 28\], .* -> .*\[32, 6, 24, 24\] .* ms\n/);
});
