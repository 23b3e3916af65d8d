/** Training in the Lab: as in a program, alone or side by side, back to a checkpoint, changed while it goes on. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { data, manualSeed, models, nn, optim, stopEngine, useEngine } from "convoyant";
import { datasetOf } from "../../apps/lab/src/data/lab_data.ts";
import type { NetworkSource } from "../../apps/lab/src/experiment/experiment.ts";
import { LabError } from "../../apps/lab/src/worker/problem.ts";
import { blocks, experimentOf, LENET, madeData, openLab } from "./lab_session.ts";

await useEngine("wasm", { portable: true, threads: 1 });
after(stopEngine);

const images = madeData(96, 40);
const isKind = (kind: string) => (error: unknown) => error instanceof LabError && error.kind === kind;

/** The losses of a program that does what the exported code says. */
async function lossesOfProgram(
  steps: number,
  source: NetworkSource,
  optimizer: "sgd" | "adam",
): Promise<number[]> {
  manualSeed(3);
  const { activation = "relu" } = source.kind === "known" ? source.options : {};
  const net = models.initXavier(models.lenet({ activation }));
  const loader = data.DataLoader(datasetOf(images, images.train, 28), {
    batchSize: 16,
    shuffle: true,
    seed: 3,
  });
  const step =
    optimizer === "adam"
      ? optim.Adam(net.parameters(), { lr: 0.01 })
      : optim.SGD(net.parameters(), { lr: 0.1 });
  const losses: number[] = [];
  for (let epoch = 0; losses.length < steps; epoch++) {
    for await (const [x, y] of loader.iterate({ epoch })) {
      const loss = nn.functional.crossEntropy(net(x), y);
      step.zeroGrad();
      loss.backward();
      step.step();
      losses.push(Number(await loss.item()));
      if (losses.length === steps) break;
    }
  }
  return losses;
}

test("the Lab's losses are those of a program, bit for bit, over epochs", async () => {
  const lab = openLab(images);
  await lab.calls.prepare({ experiment: experimentOf([LENET]), lang: "en" });
  await lab.calls.step({ count: 20 });
  assert.deepEqual(lab.losses(), await lossesOfProgram(20, LENET, "sgd"));
  assert.equal(lab.told("tested").length, 3);
  assert.deepEqual(lab.told("state").at(-1), { state: "paused", step: 20, epoch: 3 + 32 / 96 });
});

test("a network trains side by side with another as it does alone, dropout included", async () => {
  const dropout = { ...LENET, options: { ...(LENET as any).options, dropout: 0.5 } } as NetworkSource;
  const sigmoid = {
    ...LENET,
    options: { ...(LENET as any).options, activation: "sigmoid" },
  } as NetworkSource;
  const run = async (networks: NetworkSource[]) => {
    const lab = openLab(images);
    await lab.calls.prepare({ experiment: experimentOf(networks), lang: "en" });
    await lab.calls.step({ count: 10 });
    return networks.map((_, i) => lab.losses(i));
  };
  const [both, alone] = [await run([sigmoid, dropout]), await run([dropout])];
  assert.deepEqual(both[1], alone[0]);
  assert.notDeepEqual(both[0], both[1]);
});

test("going back to a checkpoint repeats what was trained, with an optimiser that remembers", async () => {
  const lab = openLab(images);
  await lab.calls.prepare({
    experiment: experimentOf([LENET], { optimizer: "adam", learningRate: 0.01 }),
    lang: "en",
  });
  await lab.calls.step({ count: 14 });
  const first = lab.losses();
  assert.deepEqual(first, await lossesOfProgram(14, LENET, "adam"));
  const kept = (await lab.calls.checkpoints(null)).find(({ step }) => step === 8);
  assert.ok(kept);
  await lab.calls.restore({ id: kept.id });
  lab.events.length = 0;
  await lab.calls.step({ count: 6 });
  assert.deepEqual(lab.losses(), first.slice(8));
  assert.ok((await lab.calls.checkpoints(null)).every(({ step }) => step <= 14));
});

test("settings change while it trains, and layers that stay keep their weights", async () => {
  const lab = openLab(images);
  await lab.calls.prepare({ experiment: experimentOf([LENET]), lang: "en" });
  await lab.calls.step({ count: 6 });
  const before = await lab.session.lab.loop.networks[0].net.stateDict()["0.weight"].data();
  const copy = Float32Array.from(before as Float32Array);
  const norm = {
    ...LENET,
    options: { ...(LENET as any).options, batchNorm: true, activation: "tanh" },
  } as NetworkSource;
  const { networks } = await lab.calls.set({ networks: [norm] });
  assert.ok(networks[0].layers.some(({ kind }) => kind === "BatchNorm2d"));
  const { net } = lab.session.lab.loop.networks[0];
  assert.deepEqual(Float32Array.from((await net.stateDict()["0.weight"].data()) as Float32Array), copy);
  await lab.calls.set({
    training: { learningRate: 0, batchSize: 32, weightDecay: 0, optimizer: "momentum" },
  });
  await lab.calls.step({ count: 2 });
  assert.deepEqual(Float32Array.from((await net.stateDict()["0.weight"].data()) as Float32Array), copy);
  assert.equal(lab.losses().length, 8);
});

test("it learns, plays until all epochs are done, and says so", async () => {
  const lab = openLab(images);
  const experiment = experimentOf([LENET], { optimizer: "adam", learningRate: 0.005, epochs: 6 });
  await lab.calls.prepare({ experiment, lang: "en" });
  await lab.calls.play(null);
  while (lab.told("state").at(-1)?.state !== "finished") await new Promise((done) => setTimeout(done, 5));
  const [network] = lab.told("tested").at(-1)?.networks ?? [];
  assert.ok(network.accuracy > 0.9, `accuracy ${network.accuracy}`);
  const diagonal = network.confusion.values.filter((_, i) => i % 11 === 0).reduce((a, b) => a + b, 0);
  assert.equal(diagonal, Math.round(network.accuracy * images.test.count));
  await assert.rejects(lab.calls.play(null), /all epochs are done/);
  await lab.calls.set({ training: { epochs: 7 } });
  await lab.calls.step({ count: 1 });
});

test("pausing while it plays waits for the step under way, and playing goes on from there", async () => {
  const lab = openLab(images);
  await lab.calls.prepare({ experiment: experimentOf([LENET]), lang: "en" });
  await lab.calls.play(null);
  while (lab.losses().length < 3) await new Promise((done) => setTimeout(done, 2));
  await lab.calls.pause(null);
  const { step } = lab.told("state").at(-1) ?? {};
  assert.equal(lab.losses().length, step);
  await lab.calls.step({ count: 2 });
  assert.deepEqual(lab.losses(), await lossesOfProgram(Number(step) + 2, LENET, "sgd"));
});

test("a loss that becomes NaN pauses before that step, and names the layer in which it began", async () => {
  const lab = openLab(images);
  const deep = blocks(
    { type: "Flatten" },
    { type: "Linear", outFeatures: 32 },
    { type: "ReLU" },
    { type: "Linear", outFeatures: 10 },
  );
  await lab.calls.prepare({ experiment: experimentOf([LENET, deep], { learningRate: 1e18 }), lang: "en" });
  await lab.calls.step({ count: 50 });
  const [problem] = lab.told("problem");
  assert.equal(problem.kind, "diverged");
  assert.match(
    problem.message,
    /the loss became (NaN|infinite) at step \d+; it began in layer \S+ \(\w+\)\. Training has paused/,
  );
  const { step } = problem.facts;
  assert.deepEqual(lab.told("state").at(-1)?.state, "paused");
  assert.equal(lab.session.lab.loop.place.step, Number(step) - 1);
  for (const { net } of lab.session.lab.loop.networks)
    for (const weight of net.parameters())
      assert.ok(((await weight.detach().data()) as Float32Array).every(Number.isFinite));
});

test("a network that is too large, or that does not fit together, is refused before anything is made", async () => {
  const lab = openLab(images);
  const wide = blocks(
    { type: "Flatten" },
    { type: "Linear", outFeatures: 8192 },
    { type: "Linear", outFeatures: 8192 },
    { type: "Linear", outFeatures: 8192 },
    { type: "Linear", outFeatures: 8192 },
    { type: "Linear", outFeatures: 8192 },
    { type: "Linear", outFeatures: 10 },
  );
  await assert.rejects(
    lab.calls.prepare({ experiment: experimentOf([wide]), lang: "en" }),
    isKind("out of memory"),
  );
  const wrong = blocks({ type: "Flatten" }, { type: "Linear", inFeatures: 400, outFeatures: 10 });
  await assert.rejects(
    lab.calls.prepare({ experiment: experimentOf([LENET, wrong]), lang: "en" }),
    (error: LabError) =>
      error.kind === "bad network" &&
      error.message === "Linear expects 400, gets 784" &&
      error.facts.network === 1,
  );
  assert.equal(lab.told("state").at(-1)?.state, "failed");
  await lab.calls.prepare({ experiment: experimentOf([LENET]), lang: "en" });
  await lab.calls.step({ count: 1 });
});

test("code makes a network, and what is wrong with it is said with its line", async () => {
  const lab = openLab(images);
  const code = (text: string): NetworkSource => ({ kind: "code", size: 28, code: text });
  const prepare = (text: string) => lab.calls.prepare({ experiment: experimentOf([code(text)]), lang: "en" });
  const { networks } = await prepare(
    "const net = nn.Sequential(nn.Flatten(), nn.Linear(size * size * channels, classes));\nreturn net;",
  );
  assert.equal(networks[0].parameters, 7850);
  await lab.calls.step({ count: 2 });
  await assert.rejects(prepare("const net = ;"), isKind("bad code"));
  await assert.rejects(prepare("return 5;"), /the code returns number: end it with `return net;`/);
  await assert.rejects(prepare("const a = 1;\nthrow new Error('no');"), /^LabError: line 2: no/);
  await assert.rejects(
    prepare("return nn.Sequential(nn.Flatten(), nn.Linear(256, 10));"),
    /784.*256|256.*784/s,
  );
  await assert.rejects(
    prepare("return nn.Flatten();"),
    /gives \[2, 784\] for 2 images, and \[2, 10\] is expected/,
  );
});

test("a step that does not fit the memory pauses, and nothing is lost: with a smaller batch it goes on", async () => {
  const large = madeData(1024, 40);
  const lab = openLab(large, 12 * 2 ** 20);
  await lab.calls.prepare({ experiment: experimentOf([LENET]), lang: "en" });
  await lab.calls.step({ count: 2 });
  await lab.calls.set({ training: { batchSize: 1000 } });
  await lab.calls.step({ count: 1 });
  const [problem] = lab.told("problem");
  assert.equal(problem.kind, "out of memory");
  assert.match(
    problem.message,
    /a step with 1000 images does not fit the memory: make the batch or the network smaller/,
  );
  assert.deepEqual(lab.told("state").at(-1), { state: "paused", step: 2, epoch: 32 / 1024 });
  await lab.calls.set({ training: { batchSize: 16 } });
  await lab.calls.step({ count: 3 });
  assert.equal(lab.told("problem").length, 1);
  const whole = openLab(large);
  await whole.calls.prepare({ experiment: experimentOf([LENET]), lang: "en" });
  await whole.calls.step({ count: 5 });
  assert.deepEqual(lab.losses(), whole.losses());
});
