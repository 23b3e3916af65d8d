import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "../../src/io/safetensors_file.ts";
import { parseMetrics } from "../../src/report/run_record.ts";
import { readCheckpoint } from "../../src/train/checkpoint.ts";

const program = fileURLToPath(new URL("./small_training.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "convoyant-runs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the training; `onLine` may end the process, `killAfter` milliseconds certainly do. */
function start(
  run: string,
  resume: boolean,
  onLine: (line: string, child: ChildProcess) => void = () => {},
  killAfter: number | null = null,
): Promise<{ code: number | null; signal: string | null; errors: string }> {
  const child = spawn(process.execPath, [program, run, ...(resume ? ["--resume"] : [])], { stdio: ["ignore", "pipe", "pipe"] });
  if (killAfter !== null) setTimeout(() => child.kill("SIGKILL"), killAfter);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.split("\n")) if (line !== "") onLine(line, child);
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, errors })));
}

function assertSameRun(run: string, other: string): void {
  for (const name of ["metrics.jsonl", "last.safetensors", "best.safetensors"]) {
    assert.ok(readFileSync(join(run, name)).equals(readFileSync(join(other, name))), `${name} differs`);
  }
}

/** Whatever is there can be read. */
async function assertReadable(run: string): Promise<void> {
  for (const name of ["last.safetensors", "best.safetensors"]) {
    if (existsSync(join(run, name))) await readSafetensors(join(run, name));
  }
  if (existsSync(join(run, "checkpoint.safetensors"))) await readCheckpoint(join(run, "checkpoint.safetensors"));
  if (existsSync(join(run, "metrics.jsonl"))) parseMetrics(readFileSync(join(run, "metrics.jsonl"), "utf8"));
  if (existsSync(join(run, "config.json"))) JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
}

const whole = join(folder, "whole");

test("a training that nobody disturbs comes to its end", async () => {
  const { code, errors } = await start(whole, false);
  assert.equal(code, 0, errors);
  assert.ok(existsSync(join(whole, "report.html")));
  assert.ok(!existsSync(join(whole, "run.lock")));
});

test("killed at 24 random moments and resumed each time, it gives the same bits", { timeout: 300_000 }, async () => {
  const run = join(folder, "killed");
  let kills = 0;
  let random = 12345;
  const next = () => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return random / 2 ** 32;
  };
  while (kills < 24) {
    // After a few checkpoints, or at any moment of the start; the delay hits the middle of a write as well.
    const afterCheckpoints = Math.floor(next() * 4);
    const delay = next() * 12;
    let seen = 0;
    const resume = existsSync(join(run, "config.json"));
    const early = kills % 6 === 5 ? 20 + next() * 400 : null;
    const { code, signal, errors } = await start(
      run,
      resume,
      (line, child) => {
        if (line.startsWith("checkpoint") && seen++ === afterCheckpoints) setTimeout(() => child.kill("SIGKILL"), delay);
      },
      early,
    );
    if (signal === "SIGKILL") kills++;
    else assert.equal(code, 0, errors);
    await assertReadable(run);
    if (code === 0) break;
  }
  assert.ok(kills >= 20, `only ${kills} kills before the end`);
  const { code, errors } = await start(run, existsSync(join(run, "config.json")));
  assert.equal(code, 0, errors);
  assertSameRun(run, whole);
});

test("Ctrl-C saves, exits with 130, and the resumed run gives the same bits", { timeout: 120_000 }, async () => {
  const run = join(folder, "interrupted");
  let resume = false;
  for (let presses = 0; presses < 4; presses++) {
    let seen = 0;
    const { code, errors } = await start(run, resume, (line, child) => {
      if (line.startsWith("checkpoint") && seen++ === 2 + presses) child.kill("SIGINT");
    });
    assert.equal(code, 130, errors);
    assert.ok(existsSync(join(run, "checkpoint.safetensors")));
    resume = true;
  }
  const { code, errors } = await start(run, true);
  assert.equal(code, 0, errors);
  assertSameRun(run, whole);
});
