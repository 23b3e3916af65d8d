/**
 * A small training as a process of its own, for tests that kill it: `node small_training.js <run> [--resume]`.
 * Dropout, momentum, a scheduler and a shuffled loader, so that everything a checkpoint must hold is in play.
 */
import { fromTypedArray, manualSeed, nn, optim, stopEngine, train, useEngine } from "convoyant";
import { DataLoader, TensorDataset } from "convoyant/data";

const [run, ...flags] = process.argv.slice(2);
const stopping = new AbortController();
process.on("SIGINT", () => stopping.abort());

await useEngine("wasm", { threads: 1 });
manualSeed(3);
const net = nn.Sequential(
  nn.Conv2d(1, 4, 3),
  nn.BatchNorm2d(4),
  nn.ReLU(),
  nn.AvgPool2d(2),
  nn.Flatten(),
  nn.Dropout(0.25),
  nn.Linear(36, 4),
);
const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
const scheduler = optim.StepLR(optimizer, 2, 0.5);
const result = await train.fit(net, {
  trainLoader: new DataLoader(images(640, 1), { batchSize: 16, shuffle: true, seed: 5 }),
  testLoader: new DataLoader(images(64, 2), { batchSize: 32 }),
  optimizer,
  scheduler,
  epochs: 4,
  out: run,
  resume: flags.includes("--resume"),
  checkpointSeconds: 0,
  signal: stopping.signal,
  callbacks: {
    onStart: ({ epoch, batch }) => say("start", epoch, batch),
    onPhase: (name) => say("phase", name),
    onCheckpoint: ({ epoch, batch }) => say("checkpoint", epoch, batch),
  },
});
process.stdout.write(`${result.outcome}\n`);
await stopEngine();
process.exitCode = result.outcome === "interrupted" ? 130 : 0;

function say(...words: (string | number)[]): void {
  process.stdout.write(`${words.join(" ")}\n`);
}

/** Images of 8 x 8 whose class is the quarter that is bright. */
function images(count: number, seed: number): TensorDataset {
  const x = new Float32Array(count * 64);
  const y = new Float64Array(count);
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < count; i++) {
    y[i] = Math.floor(next() * 4);
    for (let p = 0; p < 64; p++) {
      const quarter = (p >= 32 ? 2 : 0) + (p % 8 >= 4 ? 1 : 0);
      x[i * 64 + p] = 0.6 * next() + (quarter === y[i] ? 0.4 : 0);
    }
  }
  return new TensorDataset(
    fromTypedArray(x, [count, 1, 8, 8], "float32"),
    fromTypedArray(y, [count], "int64"),
  );
}
