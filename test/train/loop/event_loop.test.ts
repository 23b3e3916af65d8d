import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { rand, stopEngine, useEngine } from "../../../src/tensor/index.ts";
import { packageUrl } from "../../built_package.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-loop-"));
after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

for (const engine of ["wasm", "reference"]) {
  test(`timers keep ticking while the ${engine} engine runs a long program`, async () => {
    await useEngine(engine, { threads: 1 });
    const size = engine === "wasm" ? 1024 : 256;
    const a = await rand(size, size).realize();
    const ticks: number[] = [];
    const timer = setInterval(() => ticks.push(performance.now()), 5);
    const started = performance.now();
    // One program whose length is that of this chain.
    let product = a;
    for (let i = 0; i < 12; i++) product = product.matmul(a).mul(1 / size);
    await product.sum().item();
    const ended = performance.now();
    clearInterval(timer);
    const during = ticks.filter((tick) => tick < ended);
    assert.ok(during.length >= 5, `${during.length} ticks in ${(ended - started).toFixed()} ms`);
  });
}

/** Ends by itself, with its code and what it printed; killed after a minute. */
function run(script: string): Promise<{ code: number | null; signal: string | null; output: string }> {
  const path = join(folder, "script.mjs");
  writeFileSync(
    path,
    script.replace(/"convoyant(?:\/(\w+))?"/g, (_, entry = "index") => JSON.stringify(packageUrl(entry))),
  );
  const child = spawn(process.execPath, [path], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, output })));
}

test("a script that has finished ends by itself: neither engine nor loader holds the process", async () => {
  const { code, signal, output } = await run(`
    import { rand, tensor, useEngine } from "convoyant";
    import { DataLoader, TensorDataset } from "convoyant/data";
    import * as nn from "convoyant/nn";
    import * as optim from "convoyant/optim";
    import { fit } from "convoyant/train";
    await useEngine("wasm", { threads: 2 });
    const net = nn.Linear(4, 3);
    const data = new TensorDataset(rand(20, 4), rand(20).mul(3).floor().to("int64"));
    const trainLoader = new DataLoader(data, { batchSize: 5, shuffle: true, numWorkers: 1 });
    const { step } = await fit(net, { trainLoader, optimizer: optim.SGD(net.parameters(), { lr: 0.1 }), epochs: 2 });
    console.log("steps", step);
  `);
  assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: "steps 8\n" });
});

test("a script that throws ends with its error, and one that exits with its code", async () => {
  const throwing = await run(`
    import { rand } from "convoyant";
    process.on("uncaughtException", (error) => { console.log(error.message); process.exitCode = 3; });
    await rand(3, 3).matmul(rand(3, 3)).sum().item();
    setTimeout(() => { throw new Error("on purpose"); }, 1);
  `);
  assert.deepEqual(throwing, { code: 3, signal: null, output: "on purpose\n" });
  const exiting = await run(`
    import { rand } from "convoyant";
    const pending = rand(600, 600).matmul(rand(600, 600)).sum().item();
    setTimeout(() => process.exit(7), 1);
    await pending;
    await new Promise(() => setTimeout(() => {}, 10_000));
  `);
  assert.equal(exiting.code, 7);
});
