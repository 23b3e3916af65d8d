import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  book,
  manualSeed,
  models,
  nn,
  rand,
  randint,
  stopEngine,
  tensor,
  useEngine,
} from "../../src/index.ts";

after(() => stopEngine());

test("Accumulator adds side by side", () => {
  const metric = book.Accumulator(3);
  assert.ok(metric instanceof book.Accumulator);
  metric.add(1, 2, 3);
  metric.add(10, 20, 30);
  assert.deepEqual([metric[0], metric[1], metric[2]], [11, 22, 33]);
  metric.reset();
  assert.deepEqual([metric[0], metric[1], metric[2]], [0, 0, 0]);
  assert.throws(() => metric.add(1, 2), /Accumulator.add: expected 3 numbers, got 2/);
  assert.throws(() => new book.Accumulator(0), /at least 1, got 0/);
});

test("Timer sums and averages", async () => {
  const timer = book.Timer();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(timer.stop() >= 0.004);
  timer.start();
  timer.stop();
  assert.equal(timer.times.length, 2);
  assert.equal(timer.sum(), timer.times[0] + timer.times[1]);
  assert.equal(timer.avg(), timer.sum() / 2);
  assert.deepEqual(timer.cumsum(), [timer.times[0], timer.sum()]);
});

test("accuracy counts the correct predictions, of logits or of classes", async () => {
  await useEngine("wasm");
  const logits = tensor([
    [0.1, 0.3, 0.6],
    [0.3, 0.2, 0.5],
    [0.9, 0, 0.1],
  ]);
  const y = tensor([0, 2, 0], { dtype: "int64" });
  assert.equal(await book.accuracy(logits, y), 2);
  assert.equal(await book.accuracy(tensor([0, 1, 0]), y), 2);
});

test("evaluateAccuracy is the share over all batches, without dropout, and leaves the mode alone", async () => {
  manualSeed(1);
  const net = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(4, 3));
  const batches = [7, 5].map((n) => [rand(n, 1, 2, 2), randint(0, 3, [n])] as const);
  await Promise.all(batches.flat().map((t) => t.realize()));
  const first = await book.evaluateAccuracy(net, batches);
  assert.equal(await book.evaluateAccuracy(net, batches), first);
  net.eval();
  let right = 0;
  for (const [x, y] of batches) right += await book.accuracy(net(x), y);
  assert.equal(first, right / 12);
  net.train();
  await book.evaluateAccuracy(net, batches);
  assert.equal(net.training, true);
});

test("tryEngine falls back if an engine is missing, and refuses what does not exist", async () => {
  assert.equal(await book.tryEngine("reference"), "reference");
  assert.ok(["onednn", "wasm"].includes(await book.tryEngine()));
  await assert.rejects(book.tryEngine("wasn"), /unknown engine `wasn`; did you mean `wasm`/);
  await useEngine("wasm");
});

test("trainCh6 trains, prints the book's two lines and keeps the curves", async () => {
  manualSeed(2);
  const net = models.lenet();
  const [x, y] = [await rand(16, 1, 28, 28).realize(), await randint(0, 10, [16]).realize()];
  const lines: string[] = [];
  const { log } = console;
  console.log = (...words: unknown[]) => lines.push(words.join(" "));
  let result: Awaited<ReturnType<typeof book.trainCh6>>;
  try {
    result = await book.trainCh6(net, [[x, y]], [[x, y]], 3, 0.1, "wasm");
  } finally {
    console.log = log;
  }
  assert.equal(lines[0], "training on wasm");
  assert.match(
    lines[1],
    /^loss \d\.\d{3}, train acc \d\.\d{3}, test acc \d\.\d{3}\n\d+\.\d examples\/sec on wasm$/,
  );
  assert.deepEqual(
    result.animator.curves.map((curve) => curve.name),
    ["train loss", "train acc", "test acc"],
  );
  assert.equal(result.animator.curves[2].points.length, 3);
  const show = (result as unknown as Record<symbol, () => book.MediaBundle>)[Symbol.for("Jupyter.display")];
  assert.match(show()["image/svg+xml"], /test acc/);
  assert.ok(result.trainLoss > 0 && result.trainLoss < 3);
});
