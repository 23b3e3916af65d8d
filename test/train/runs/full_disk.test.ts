import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "../../../src/io/safetensors/safetensors_file.ts";
import { parseMetrics } from "../../../src/records/run_record.ts";
import { readCheckpoint } from "../../../src/train/runs/checkpoint.ts";

const program = fileURLToPath(new URL("../small_training.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "convoyant-disk-"));
let mounted = false;

/** A small file system of its own; why there can be none, or false. */
function mount(size: string): string | false {
  if (process.platform !== "linux") return "a small file system is made with Linux's mount";
  if (process.getuid?.() !== 0) return "only root may mount a small file system";
  const { status, stderr, error } = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${size}`,
    "tmpfs",
    folder,
  ]);
  mounted = status === 0;
  return mounted ? false : `no small file system can be mounted: ${error?.message ?? stderr}`;
}

const skip = mount("64k");
after(() => {
  if (mounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
});

function train(
  run: string,
  flags: string[],
  onLine: (line: string, child: ChildProcess) => void = () => {},
): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, [program, run, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.split("\n")) onLine(line, child);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, errors })));
}

test("a disk that fills up during a checkpoint ends the training, and the last good one survives", {
  skip,
  timeout: 60_000,
}, async () => {
  const run = join(folder, "run");
  let filled = false;
  const { code, errors } = await train(run, [], (line) => {
    if (filled || !line.startsWith("checkpoint 1 5")) return;
    filled = true;
    fill(join(folder, "ballast"));
  });
  assert.ok(filled);
  assert.equal(code, 1);
  assert.match(
    errors,
    /FileError: cannot write .*run\/[\w.]+: the disk is full \(ENOSPC\); free some space or choose another folder/,
  );
  const { state, model } = await readCheckpoint(join(run, "checkpoint.safetensors"));
  assert.ok(state.epoch >= 1 && state.step >= 45, `step ${state.step}`);
  assert.ok(model.size > 0);
  for (const name of ["best", "last"]) await readSafetensors(join(run, `${name}.safetensors`));
  parseMetrics(readFileSync(join(run, "metrics.jsonl"), "utf8"));
  assert.deepEqual(
    readdirSync(run).filter((name) => name.endsWith(".tmp")),
    [],
  );

  // With room again it goes on, and ends as if nothing had been.
  rmSync(join(folder, "ballast"));
  spawnSync("mount", ["-o", "remount,size=4m", folder]);
  const resumed = await train(run, ["--resume"]);
  assert.equal(resumed.code, 0, resumed.errors);
  const whole = join(folder, "whole");
  assert.equal((await train(whole, [])).code, 0);
  for (const name of ["metrics.jsonl", "last.safetensors", "best.safetensors"]) {
    assert.ok(readFileSync(join(run, name)).equals(readFileSync(join(whole, name))), `${name} differs`);
  }
});

/** Takes all the room that is left. */
function fill(path: string): void {
  for (let size = 65536; size >= 512; size /= 2) {
    for (;;) {
      try {
        writeFileSync(path, new Uint8Array(size), { flag: "a" });
      } catch {
        break;
      }
    }
  }
}
