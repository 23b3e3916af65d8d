import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseMetrics } from "../../../src/records/run_record.ts";
import { RunFolder } from "../../../src/train/runs/run_folder.ts";

const base = mkdtempSync(join(tmpdir(), "convoyant-folder-"));
after(() => rmSync(base, { recursive: true, force: true }));
const path = (name: string) => join(base, name);

/** Number of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

test("one run at a time works in a folder, however its path is spelt", () => {
  const folder = RunFolder.create(path("one"));
  folder.writeConfig({});
  symlinkSync(path("one"), path("alias"));
  for (const spelling of [path("one"), `${base}/./one`, path("alias")]) {
    assert.throws(() => RunFolder.open(spelling), {
      name: "TrainingError",
      message: new RegExp(`is in use by process ${process.pid}: wait for it to end`),
    });
  }
  folder.close();
  RunFolder.open(path("alias")).close();
  assert.deepEqual(readdirSync(path("one")), ["config.json"]);
});

test("a folder that holds a run is not taken for another", () => {
  const folder = RunFolder.create(path("held"));
  folder.writeConfig({});
  folder.close();
  assert.throws(() => RunFolder.create(path("held")), {
    name: "TrainingError",
    message:
      /held holds a run already: continue it with fit\(net, \{ out, resume: true, \.\.\. \}\), or choose another folder as `out`/,
  });
  assert.ok(!existsSync(path("held/run.lock")), "the refusal leaves no lock");
});

test("locks of processes that are gone are replaced, others are not", () => {
  const lock = (holder: object | string) => {
    rmSync(path("locked"), { recursive: true, force: true });
    mkdirSync(path("locked"));
    writeFileSync(path("locked/run.lock"), typeof holder === "string" ? holder : JSON.stringify(holder));
  };
  const here = { host: hostname(), started: null };
  lock({ ...here, pid: endedProcess() });
  RunFolder.create(path("locked")).close();
  // The number of this process, from before a restart: no process here holds it.
  lock({ ...here, pid: process.pid });
  RunFolder.create(path("locked")).close();
  // The number has been given to another process since.
  lock({ ...here, pid: process.ppid, started: "another boot 1" });
  if (existsSync("/proc/self/stat")) RunFolder.create(path("locked")).close();
  lock({ ...here, pid: process.ppid });
  assert.throws(() => RunFolder.create(path("locked")), new RegExp(`in use by process ${process.ppid}`));
  lock({ ...here, host: "elsewhere", pid: 1 });
  assert.throws(
    () => RunFolder.create(path("locked")),
    /in use by process 1 on elsewhere: .*remove .*run\.lock if it is gone/,
  );
  // A lock that is being written this moment.
  lock("");
  assert.throws(() => RunFolder.create(path("locked")), /in use by another process/);
});

test("points are appended whole, and what a checkpoint does not know is taken back", () => {
  const folder = RunFolder.create(path("points"));
  const point = (epoch: number) => ({
    epoch,
    trainLoss: 1 / 3,
    trainAccuracy: 0.5,
    step: 10 * epoch,
    seconds: 1.5,
  });
  for (const epoch of [1, 2, 3]) folder.appendPoint(point(epoch));
  folder.rewriteMetrics([point(1), point(2)]);
  const text = readFileSync(folder.file("metrics"), "utf8");
  const { points } = parseMetrics(text);
  assert.deepEqual(
    points.map(({ epoch }) => epoch),
    [1, 2],
  );
  assert.ok(!text.includes("seconds"), "times lie in a file of their own");
  assert.match(readFileSync(folder.file("timing"), "utf8"), /"seconds":1\.5/);
  folder.close();
});

test("what killed writers left behind is removed, what living ones write is not", () => {
  mkdirSync(path("leftovers"));
  const dead = `.best.safetensors.${endedProcess()}.0123456789ab.tmp`;
  const living = `.best.safetensors.${process.ppid}.0123456789ab.tmp`;
  for (const name of [dead, living]) writeFileSync(join(path("leftovers"), name), "");
  RunFolder.create(path("leftovers")).close();
  assert.deepEqual(readdirSync(path("leftovers")), [living]);
});

test("runs that start in the same second get folders of their own", () => {
  const folders = [1, 2, 3].map(() => RunFolder.createIn(path("runs"), "lenet"));
  assert.equal(new Set(folders.map((folder) => folder.path)).size, 3);
  for (const folder of folders) folder.close();
});

test("a folder that cannot be made names the reason", () => {
  writeFileSync(path("file"), "");
  assert.throws(() => RunFolder.create(path("file/run")), {
    name: "FileError",
    message: /cannot write .*file\/run: a part of the path is a file/,
  });
  assert.throws(() => RunFolder.createIn(path("file"), "lenet"), { name: "FileError" });
  assert.throws(() => RunFolder.open(path("nowhere")), /there is no run .*nowhere/);
});
