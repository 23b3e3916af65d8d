/** A program that uses the onednn engine and then ends in the way that it is told. */
import { Worker } from "node:worker_threads";
import { ON_HOST } from "../../../src/engines/contract/engine.ts";
import { createEngine } from "../../../src/engines/select.ts";
import * as convoyant from "../../../src/index.ts";

const [, , way, delay = "0"] = process.argv;
const milliseconds = Number(delay);

/** Convolutions without end. */
async function compute(): Promise<void> {
  const x = convoyant.rand(8, 16, 16, 16);
  const weight = convoyant.rand(32, 16, 3, 3);
  for (;;) await convoyant.nn.functional.conv2d(x, weight).sum().item();
}

async function computeOnce(): Promise<void> {
  await convoyant.nn.functional
    .conv2d(convoyant.rand(8, 16, 16, 16), convoyant.rand(32, 16, 3, 3))
    .sum()
    .item();
}

/** Starts and stops engines as fast as it goes; every second one is stopped before it is ready. */
async function startAndStop(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const engine = createEngine("onednn", { threads: 4 });
    const starting = engine.start();
    if (round % 2 === 0) {
      await starting;
      await engine.stop();
      continue;
    }
    const outcome = starting.then(
      () => "stopped",
      (error: Error) => error.message,
    );
    // Before its workers are there, while they load the library, about when they are ready.
    if (round % 4 === 1) await new Promise((resolve) => setTimeout(resolve, 8 * round));
    await engine.stop();
    console.log((await outcome).includes("stopped") ? "stopped early" : await outcome);
  }
}

/** A step that fails on the engine's threads. */
async function failingStep(): Promise<void> {
  const engine = createEngine("onednn", { threads: 2 });
  await engine.start();
  const value = (kind: "input" | "temporary", offset: number) =>
    ({ shape: [4], dtype: "float32", kind, index: 0, offset }) as const;
  const step = { op: "noSuchOp", attributes: {}, inputs: [0], outputs: [1], label: "", plan: ON_HOST };
  const program = {
    values: [value("input", 0), value("temporary", 64)],
    steps: [{ ...step, scratch: { offset: 0, bytes: 0 } }],
    outputs: [1],
    commits: [],
    inputCount: 1,
    stateCount: 0,
    arenaBytes: 128,
  };
  await engine.run(engine.compile(program), { inputs: [new Float32Array(4)], states: [] });
}

/** The engine inside a thread of the program's own, which is ended while it computes. */
async function endThread(): Promise<void> {
  const thread = new Worker(import.meta.filename, { argv: ["wait"], stdout: true });
  await new Promise((resolve) => thread.stdout.once("data", resolve));
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await thread.terminate();
}

switch (way) {
  case "quickly":
    await startAndStop(12);
    break;
  case "exit early":
    createEngine("onednn", { threads: 3 })
      .start()
      .catch(() => {});
    setTimeout(() => process.exit(7), milliseconds);
    break;
  case "step":
    await failingStep();
    break;
  case "thread":
    await endThread();
    break;
  default:
    await convoyant.useEngine("onednn", { threads: 2 });
    await computeOnce();
}
if (way === "stop" || way === "again") await convoyant.stopEngine();
if (way === "again") {
  await convoyant.useEngine("onednn", { threads: 2 });
  await computeOnce();
}
if (way === "stop in between") {
  const outcome = compute().catch((error: Error) => error.message);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await convoyant.stopEngine();
  // What was under way has ended, one way or the other; the next operation starts the engine again.
  console.log(await Promise.race([outcome, computeOnce().then(() => "goes on")]));
  process.exit(0);
}
if (way === "code") process.exit(7);
if (way === "code in between") {
  setTimeout(() => process.exit(7), milliseconds);
  await compute();
}
if (way === "throw") throw new Error("on purpose");
if (way === "wait") {
  console.log("waiting");
  await compute();
}
