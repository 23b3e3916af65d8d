/** Who may write into a run's folder: one process at a time, known by a lock file. Node only. */

import { closeSync, openSync, readFileSync, realpathSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { TrainingError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import { processRuns } from "../../base/running_process.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { readTextSync } from "../../io/regular_file.ts";

/** The most that a lock file can hold. */
const MOST_BYTES = 10_000;

/** What a lock file holds: enough to tell a process that still runs from another that got its number later. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own measure; null if the system does not report it. */
  readonly started: string | null;
}

/** Locks of this process: its own number says nothing, after a restart in a container it is often the same. */
const held = new Set<string>();

/** Milliseconds after which a lock file without contents is one that a killed process left. */
const WRITING_MS = 2000;

/**
 * Takes the lock file at `path`; one whose process is gone is replaced.
 *
 * @param folder - what is locked, for the message.
 * @throws TrainingError that names the process which holds it.
 */
export function takeLock(path: string, folder: string): void {
  if (create(path)) return;
  const holder = runningHolder(path);
  if (holder !== null) throw inUse(folder, holder);
  // Only one process at a time may clear a dead lock away, or it could be the next one's that is removed.
  const clearing = `${path}.clearing`;
  if (!create(clearing)) {
    if (runningHolder(clearing) !== null) throw inUse(folder, runningHolder(path));
    remove(clearing);
    if (!create(clearing)) throw inUse(folder, null);
  }
  try {
    const now = runningHolder(path);
    if (now !== null) throw inUse(folder, now);
    remove(path);
    if (!create(path)) throw inUse(folder, runningHolder(path));
  } finally {
    releaseLock(clearing);
  }
}

/** Whether a process that runs holds the lock file at `path`. */
export function isInUse(path: string): boolean {
  return runningHolder(path) !== null;
}

/** Gives a lock of this process back. */
export function releaseLock(path: string): void {
  held.delete(keyOf(path));
  rmSync(path, { force: true });
}

/** Removes what a process that is gone has left; a folder of that name is not ours to remove. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw fileErrorOf(error, path, "write");
  }
}

/** One name for a file, however it was spelt. */
function keyOf(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/** Makes the file with this process in it; false if there is one. */
function create(path: string): boolean {
  let handle: number;
  try {
    handle = openSync(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw fileErrorOf(error, path, "write");
  }
  try {
    const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
    writeSync(handle, JSON.stringify(holder));
    held.add(keyOf(path));
    return true;
  } catch (error) {
    rmSync(path, { force: true });
    throw fileErrorOf(error, path, "write");
  } finally {
    closeSync(handle);
  }
}

/** The process that holds a lock, or null if there is none or it is gone. */
function runningHolder(path: string): Holder | null {
  let text: string;
  let age: number;
  try {
    text = readTextSync(path, MOST_BYTES);
    age = Date.now() - statSync(path).mtimeMs;
  } catch {
    return null;
  }
  const holder = parse(text);
  if (holder === null) return age < WRITING_MS ? { pid: 0, host: hostname(), started: null } : null;
  // Another machine's processes cannot be inspected.
  if (holder.host !== hostname()) return holder;
  if (holder.pid === process.pid) return held.has(keyOf(path)) ? holder : null;
  return isRunning(holder) ? holder : null;
}

function parse(text: string): Holder | null {
  try {
    const { pid, host, started } = parseJson(text) as Partial<Holder>;
    return Number.isInteger(pid) && typeof host === "string"
      ? { pid: pid as number, host, started: started ?? null }
      : null;
  } catch {
    return null;
  }
}

function isRunning({ pid, started }: Holder): boolean {
  if (!processRuns(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

/** Boot and start time of a process, if the system reports them (Linux). */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold blanks; the start time is the 20th field after it.
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return null;
  }
}

function inUse(folder: string, holder: Holder | null): TrainingError {
  const elsewhere = holder !== null && holder.host !== hostname();
  const who =
    holder === null || holder.pid === 0
      ? "another process"
      : `process ${holder.pid}${elsewhere ? ` on ${holder.host}` : ""}`;
  const stale = elsewhere ? `, remove ${folder}/run.lock if it is gone` : "";
  return new TrainingError(`${folder} is in use by ${who}`, {
    cure: `: wait for it to end, or choose another folder as \`out\`${stale}`,
    reason: "run in use",
    facts: { stale },
  });
}
