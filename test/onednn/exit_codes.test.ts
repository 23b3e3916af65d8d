/** A process that has used the library ends with the code that it means, however it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { missingLibrary } from "./library.ts";

const skip = missingLibrary();
const script = fileURLToPath(new URL("./run_and_end.js", import.meta.url));

function run(way: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, way], { stdio: ["ignore", "pipe", "pipe"] });
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
  ["wait", null, "SIGINT"],
];

for (const [way, code, signal] of WAYS) {
  test(`a process that ends by "${way}"`, { skip }, async () => {
    for (let turn = 0; turn < 3; turn++) {
      const ended = await run(way);
      assert.deepEqual([ended.code, ended.signal], [code, signal], ended.said);
      assert.equal(ended.said.includes("Error"), way === "throw", ended.said);
    }
  });
}
