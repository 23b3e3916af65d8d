/** Experiments as text: in addresses and files, also those of someone else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHash, toHash } from "../../apps/lab/src/experiment/address.ts";
import { type Block, NEW_BLOCKS } from "../../apps/lab/src/experiment/blocks.ts";
import { checkExperiment, experimentText } from "../../apps/lab/src/experiment/check_experiment.ts";
import {
  type Experiment,
  FIRST_EXPERIMENT,
  KNOWN_NETWORKS,
  type NetworkSource,
} from "../../apps/lab/src/experiment/experiment.ts";
import { KNOWN_FACTS } from "../../apps/lab/src/experiment/known_networks.ts";
import { LabError } from "../../apps/lab/src/worker/problem.ts";

const isKind = (kind: string) => (error: unknown) => error instanceof LabError && error.kind === kind;

const sources: fc.Arbitrary<NetworkSource> = fc.oneof(
  fc
    .constantFrom(...KNOWN_NETWORKS)
    .map((name): NetworkSource => ({ kind: "known", name, options: KNOWN_FACTS[name].options })),
  fc
    .array(fc.constantFrom(...NEW_BLOCKS), { maxLength: 20 })
    .map((blocks): NetworkSource => ({ kind: "blocks", size: 32, blocks })),
  fc.string({ unit: "grapheme" }).map((code): NetworkSource => ({ kind: "code", size: 28, code })),
);

const experiments: fc.Arbitrary<Experiment> = fc.record({
  format: fc.constant("convoyant-lab-1" as const),
  title: fc.string({ unit: "grapheme", maxLength: 50 }),
  data: fc.oneof(
    fc.record({ kind: fc.constant("fashion-mnist" as const), subset: fc.boolean() }),
    fc.record({
      kind: fc.constant("images" as const),
      classes: fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), { maxLength: 5 }),
      channels: fc.constantFrom(1 as const, 3 as const),
    }),
  ),
  networks: fc.array(sources, { minLength: 1, maxLength: 2 }),
  training: fc.record({
    learningRate: fc.double({ min: 0, max: 1000, noNaN: true }).map(Math.abs),
    batchSize: fc.integer({ min: 1, max: 4096 }),
    optimizer: fc.constantFrom("sgd" as const, "momentum" as const, "adam" as const),
    weightDecay: fc.double({ min: 0, max: 10, noNaN: true }).map(Math.abs),
    seed: fc.maxSafeNat(),
    epochs: fc.integer({ min: 1, max: 10_000 }),
  }),
});

test("an experiment comes out of an address and a file as it went in", async () => {
  await fc.assert(
    fc.asyncProperty(experiments, async (made) => {
      const experiment = JSON.parse(JSON.stringify(made)) as Experiment;
      const hash = await toHash(experiment);
      assert.match(hash, /^e=[\w-]+$/);
      assert.deepEqual(await fromHash(`#${hash}`), experiment);
      assert.deepEqual(checkExperiment(JSON.parse(experimentText(experiment))), experiment);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("an address without an experiment is none, and a damaged one says so", async () => {
  assert.equal(await fromHash(""), null);
  assert.equal(await fromHash("#data"), null);
  const hash = await toHash(FIRST_EXPERIMENT);
  await assert.rejects(fromHash(hash.slice(0, -9)), isKind("bad experiment"));
  await assert.rejects(fromHash(`${hash}%00`), isKind("bad experiment"));
  await assert.rejects(fromHash("e="), isKind("bad experiment"));
});

test("an address that unpacks to far more than an experiment is refused while it is unpacked", async () => {
  const zeros = new Blob([new Uint8Array(50_000_000)])
    .stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  const packed = Buffer.from(await new Response(zeros).arrayBuffer()).toString("base64url");
  await assert.rejects(fromHash(`e=${packed}`), isKind("bad experiment"));
});

test("an experiment of a newer version is told apart from what is none", () => {
  for (const format of ["convoyant-lab-2", "convoyant-lab-17"])
    assert.throws(
      () => checkExperiment({ format, anything: 1 }),
      (error: LabError) =>
        error.kind === "newer version" && error.message.includes(format) && /update/.test(error.message),
    );
  for (const value of [
    null,
    [],
    "x",
    {},
    { format: "convoyant-lab-0" },
    { format: "convoyant-lab-x" },
    { format: 1 },
  ])
    assert.throws(() => checkExperiment(value), isKind("bad experiment"));
});

test("whatever is changed in an experiment, it is checked and the place is named", () => {
  const changed = (path: string, value: unknown) => {
    const copy = JSON.parse(JSON.stringify(FIRST_EXPERIMENT));
    const keys = path.split(".");
    const last = keys.pop() as string;
    keys.reduce((at, key) => at[key], copy)[last] = value;
    return copy;
  };
  const block = (given: unknown) => ({ kind: "blocks", size: 28, blocks: [given] });
  for (const [path, value] of [
    ["training.batchSize", 0],
    ["training.batchSize", 1e9],
    ["training.learningRate", -1],
    ["training.learningRate", null],
    ["training.optimizer", "lion"],
    ["training.seed", 0.5],
    ["networks", []],
    ["networks", [1, 2, 3]],
    ["networks.0.name", "resnet"],
    ["networks.0.options.width", 1e9],
    ["networks.0.options.size", 1e6],
    ["networks.0", block({ type: "Conv2d", outChannels: 1e9, kernelSize: 3, stride: 1, padding: 1 })],
    ["networks.0", block({ type: "Conv2d", outChannels: 3, kernelSize: 3, stride: 0, padding: 1 })],
    ["networks.0", block({ type: "Eval", code: "1" })],
    ["networks.0", block({ type: "Linear", outFeatures: 10, constructor: 1 })],
    ["networks.0", { kind: "code", size: 28, code: "x".repeat(100_001) }],
    ["title", "x".repeat(201)],
    ["data", { kind: "images", classes: [""], channels: 1 }],
    ["data", { kind: "images", classes: ["a"], channels: 2 }],
    ["data", { kind: "web", url: "https://example.org" }],
  ] as const)
    assert.throws(
      () => checkExperiment(changed(path, value)),
      (error: LabError) => error.kind === "bad experiment" && error.message.includes(path.split(".")[0]),
      `${path} = ${JSON.stringify(value).slice(0, 60)}`,
    );
});

test("no JSON breaks the check", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      assert.throws(() => checkExperiment(value), isKind("bad experiment"));
    }),
    { numRuns: 200, seed: 2 },
  );
});

test("every new block is one that a file may hold", () => {
  const blocks: Block[] = [...NEW_BLOCKS];
  checkExperiment({ ...FIRST_EXPERIMENT, networks: [{ kind: "blocks", size: 28, blocks }] });
});
