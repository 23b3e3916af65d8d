/** A thread of `parallel_regions.test.ts`: takes part in regions at random delays, and looks whether each unit is run once. */
import { parentPort, workerData } from "node:worker_threads";
import { ParallelRegions, shareControl } from "../../../src/engines/cpu/threads/parallel_regions.ts";
import { WorkShares } from "../../../src/engines/cpu/threads/work_shares.ts";
import { Random } from "./loops/random_loops.ts";

export const RUNS = 120;
export const REGIONS = 25;
const UNITS = 12;

export interface RegionThread {
  readonly thread: number;
  readonly threads: number;
  readonly memory: SharedArrayBuffer;
  readonly control: SharedArrayBuffer | ArrayBuffer;
}

/** For each unit the number of the last region in which it ran; and how many of them threads besides the first have run. */
export const regionMemory = (): SharedArrayBuffer => new SharedArrayBuffer((UNITS + 1) * 4);

function takePart({ thread, threads, memory, control }: RegionThread): void {
  const random = new Random(thread + 1);
  const regions = new ParallelRegions(control, thread, threads);
  const shares = new WorkShares(shareControl(control), thread, threads);
  const words = new Int32Array(memory);
  const equally = Array.from({ length: threads + 1 }, (_, t) => Math.floor((UNITS * t) / threads));
  let [alone, shared] = [0, 0];
  for (let run = 1; run <= RUNS; run++) {
    sleepAtTimes(random, thread);
    regions.begin(run);
    for (let region = 0; region < REGIONS; region++) {
      const number = (run - 1) * REGIONS + region + 1;
      const before = Atomics.load(words, UNITS);
      if (thread === 0) shares.reset();
      if (!regions.enter()) continue;
      shares.start(equally);
      while (shares.next()) {
        for (let unit = shares.begin; unit < shares.end; unit++) runUnit(words, unit, number);
        if (thread > 0) Atomics.add(words, UNITS, 1);
        sleepAtTimes(random, thread);
      }
      regions.leave();
      if (thread === 0) {
        if (Atomics.load(words, UNITS) === before) alone++;
        else shared++;
        for (let unit = 0; unit < UNITS; unit++) expect(words[unit], number, unit);
      }
    }
  }
  if (thread === 0) parentPort?.postMessage([alone, shared]);
}

/** Plain reads and writes, as kernels do: what one thread wrote in a region the others have to see in the next. */
function runUnit(words: Int32Array, unit: number, number: number): void {
  for (let other = 0; other < UNITS; other++) {
    const found = words[other];
    if (found !== number) expect(found, number - 1, other);
  }
  expect(words[unit], number - 1, unit);
  words[unit] = number;
}

function expect(found: number, wanted: number, unit: number): void {
  if (found !== wanted) throw new Error(`unit ${unit}: region ${found}, expected ${wanted}`);
}

/** The first thread is seldom late, the others often, and by much more. */
function sleepAtTimes(random: Random, thread: number): void {
  if (random.below(thread === 0 ? 200 : 20) > 0) return;
  const milliseconds = thread === 0 ? 0.1 : 0.3 * random.below(8);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

if (workerData !== null) takePart(workerData);
