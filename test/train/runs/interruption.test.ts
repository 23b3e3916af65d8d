import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "../../../src/io/safetensors/safetensors_file.ts";
import { parseMetrics } from "../../../src/records/run_record.ts";
import { readCheckpoint } from "../../../src/train/runs/checkpoint.ts";

const program = fileURLToPath(new URL("../small_training.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "convoyant-runs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the training; `onLine` may end the process, `killAfter` milliseconds certainly do. */
function start(
  run: string,
  resume: boolean,
  onLine: (line: string, child: ChildProcess) => void = () => {},
  killAfter: number | null = null,
): Promise<{ code: number | null; signal: string | null; errors: string }> {
  const child = spawn(process.execPath, [program, run, ...(resume ? ["--resume"] : [])], {
    stdio: ["ignore", "pipe", "pipe"],
  });
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
  for (const name of ["metrics.jsonl", "last.safetensors", "best.safetensors", "first_layer.jsonl"]) {
    assert.ok(readFileSync(join(run, name)).equals(readFileSync(join(other, name))), `${name} differs`);
  }
}

/** Whatever is there can be read. */
async function assertReadable(run: string): Promise<void> {
  for (const name of ["last.safetensors", "best.safetensors"]) {
    if (existsSync(join(run, name))) await readSafetensors(join(run, name));
  }
  if (existsSync(join(run, "checkpoint.safetensors")))
    await readCheckpoint(join(run, "checkpoint.safetensors"));
  if (existsSync(join(run, "metrics.jsonl"))) parseMetrics(readFileSync(join(run, "metrics.jsonl"), "utf8"));
  if (existsSync(join(run, "config.json"))) JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
}

const whole = join(folder, "whole");

test("a training that is not disturbed completes", async () => {
  const { code, errors } = await start(whole, false);
  assert.equal(code, 0, errors);
  assert.ok(existsSync(join(whole, "report.html")));
  assert.ok(!existsSync(join(whole, "run.lock")));
});

/** Steps done at a line `start <epoch> <batch>` or `checkpoint <epoch> <batch>`, 40 steps an epoch. */
function stepsAt(line: string): number {
  const [, epoch, batch] = line.split(" ");
  return 40 * Number(epoch) + Number(batch);
}

/** As often as is wanted; a start and a resume take a second. */
const KILLS = Number(process.env.CONVOYANT_KILLS ?? 12);

test("killed at random moments and resumed each time, it gives the same bits", {
  timeout: 300_000,
}, async () => {
  const run = join(folder, "killed");
  let kills = 0;
  let saved = 0;
  let random = 12345;
  const next = () => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return random / 2 ** 32;
  };
  while (kills < KILLS) {
    // After a few lines (checkpoints, a test, the saving of weights), and a delay that hits the middle of a
    // write as well; every sixth time at any moment of the start.
    const linesBefore = 1 + Math.floor(next() * 5);
    const delay = next() * 10;
    const early = kills % 6 === 5 ? 20 + next() * 300 : null;
    let lines = 0;
    const { code, signal, errors } = await start(
      run,
      existsSync(join(run, "config.json")),
      (line, child) => {
        if (line.startsWith("start"))
          assert.ok(stepsAt(line) >= saved, `went on at step ${stepsAt(line)}, ${saved} were saved`);
        if (line.startsWith("checkpoint")) saved = stepsAt(line);
        if (lines++ === linesBefore && early === null) setTimeout(() => child.kill("SIGKILL"), delay);
      },
      early,
    );
    if (signal === "SIGKILL") kills++;
    else assert.equal(code, 0, errors);
    await assertReadable(run);
    if (code === 0) break;
  }
  assert.ok(kills >= 10, `only ${kills} kills before the end`);
  const { code, errors } = await start(run, true);
  assert.equal(code, 0, errors);
  assertSameRun(run, whole);
  assert.deepEqual(leftovers(run), []);
});

/** Files that no run should leave behind. */
function leftovers(run: string): string[] {
  return readdirSync(run).filter((name) => name.startsWith(".") || name.startsWith("run.lock"));
}

test("Ctrl-C saves, exits with 130, and the resumed run gives the same bits", {
  timeout: 120_000,
}, async () => {
  const run = join(folder, "interrupted");
  let resume = false;
  for (let presses = 0; presses < 4; presses++) {
    let seen = 0;
    const { code, errors } = await start(run, resume, (line, child) => {
      // The last press falls into a test of the network.
      const moment =
        presses === 3 ? line === "phase testing" : line.startsWith("checkpoint") && seen++ === 2 + presses;
      if (moment) child.kill("SIGINT");
    });
    assert.equal(code, 130, errors);
    assert.ok(existsSync(join(run, "checkpoint.safetensors")));
    resume = true;
  }
  const { code, errors } = await start(run, true);
  assert.equal(code, 0, errors);
  assertSameRun(run, whole);
});
