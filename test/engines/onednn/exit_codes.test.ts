/** A process that has used the library ends with the code that it means, however it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { convoyant, fashionMnistIsMissing } from "../../cli/run_cli.ts";
import { missingLibrary } from "./library.ts";

const skip = missingLibrary();
const script = fileURLToPath(new URL("./run_and_end.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly said: string;
}

function run(way: string, milliseconds = 0): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, way, String(milliseconds)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text) => (said += text));
    child.stdout.on("data", (text) => {
      said += text;
      if (String(text).includes("waiting")) setTimeout(() => child.kill("SIGINT"), 60);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, said }));
  });
}

const WAYS: readonly [way: string, code: number | null, signal: string | null][] = [
  ["end", 0, null],
  ["stop", 0, null],
  ["again", 0, null],
  ["code", 7, null],
  ["throw", 1, null],
  ["step", 1, null],
  ["wait", null, "SIGINT"],
];

for (const [way, code, signal] of WAYS) {
  test(`a process that ends by "${way}"`, { skip }, async () => {
    const ended = await run(way);
    assert.deepEqual([ended.code, ended.signal], [code, signal], ended.said);
    assert.equal(ended.said.includes("Error"), way === "throw" || way === "step", ended.said);
  });
}

/** Moments of the start (a tenth of a second altogether) and of computing. */
const MOMENTS = [0, 50, 80];

for (const [way, code] of [
  ["exit early", 7],
  ["code in between", 7],
  ["stop in between", 0],
  ["thread", 0],
] as const) {
  test(`a process that ends by "${way}", at any moment`, { skip }, async () => {
    for (const moment of MOMENTS) {
      const ended = await run(way, moment);
      assert.deepEqual([ended.code, ended.signal], [code, null], `after ${moment} ms: ${ended.said}`);
    }
  });
}

test("engines that are started and stopped quickly, some before they are ready", { skip }, async () => {
  const ended = await run("quickly");
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.said);
  assert.deepEqual(ended.said.trim().split("\n"), Array(6).fill("stopped early"));
});

test("commands end with the code that they mean on this engine", {
  skip: skip || (await fashionMnistIsMissing()),
}, async () => {
  const train = (...more: string[]) => [
    "train",
    "lenet",
    "--engine",
    "onednn",
    "--limit-batches",
    "2",
    ...more,
  ];
  const done = await convoyant(train("--epochs", "1"));
  assert.equal(done.code, 0, done.stderr);
  const usage = await convoyant(train("--lr", "fast"));
  assert.equal(usage.code, 2, usage.stderr);
  const nowhere = await convoyant(train("--epochs", "1"), {
    env: { CONVOYANT_DNNL: "/nowhere/libdnnl.so.3" },
  });
  assert.equal(nowhere.code, 1, nowhere.stderr);
  assert.match(
    nowhere.stderr,
    /^EngineError: onednn: cannot start: oneDNN cannot be used: \/nowhere\/libdnnl\.so\.3: not found$/m,
  );
  let pressed = false;
  const interrupted = await convoyant(train("--epochs", "500", "--json"), {
    onLine: (line, child) => {
      if (pressed || !line.includes('"epoch"')) return;
      pressed = true;
      child.kill("SIGINT");
    },
  });
  assert.equal(interrupted.code, 130, interrupted.stderr);
});
