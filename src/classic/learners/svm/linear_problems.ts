/** One linear problem for each class, solved in workers. */
import { TrainingError } from "../../../base/errors.ts";
import { processors } from "../../../workers/processors.ts";
import { RequestWorkers } from "../../../workers/request_workers.ts";
import type { WorkerScript } from "../../../workers/worker_port.ts";
import type { FitWatch } from "../learner.ts";
import { checkAborted, letEventsRun } from "../turns.ts";
import {
  type LinearExamples,
  type LinearProblemSettings,
  type LinearSolution,
  solveLinear,
} from "./dual_coordinate_descent.ts";

/** Fewer values than this are solved sooner than workers start. */
const WORTH_WORKERS = 200_000;

const SCRIPT: WorkerScript = {
  url: () => new URL("./linear_svm_worker.js", import.meta.url),
  source: () => import("#worker_sources/linear_svm_worker"),
};

/** The solution of each positive class, the same for any number of workers. */
export async function solveProblems(
  examples: LinearExamples,
  positives: readonly number[],
  settings: LinearProblemSettings,
  { caller, watch }: { readonly caller: string; readonly watch: FitWatch | undefined },
): Promise<LinearSolution[]> {
  const count = Math.min(processors(), positives.length);
  if (examples.data.length * positives.length < WORTH_WORKERS) {
    const solutions: LinearSolution[] = [];
    for (const positive of positives) {
      solutions.push(solveLinear(examples, positive, settings));
      watch?.onProgress?.(solutions.length / positives.length);
      await letEventsRun();
      checkAborted(caller, watch);
    }
    return solutions;
  }
  const pool = await RequestWorkers.start<
    { examples: LinearExamples; settings: LinearProblemSettings },
    number,
    LinearSolution
  >({ count, script: SCRIPT, given: { examples: shared(examples), settings }, owner: caller });
  const aborted = untilAborted(caller, watch);
  let done = 0;
  try {
    const asked = positives.map(async (positive) => {
      const solution = await pool.ask(positive);
      watch?.onProgress?.(++done / positives.length);
      return solution;
    });
    const all = Promise.all(asked);
    all.catch(() => {});
    return await Promise.race([all, aborted.promise]);
  } finally {
    aborted.stop();
    await pool.stop();
  }
}

/** Memory that workers see without a copy for each, if there is such memory here. */
function shared(examples: LinearExamples): LinearExamples {
  if (typeof SharedArrayBuffer === "undefined") return examples;
  const data = new Float32Array(new SharedArrayBuffer(4 * examples.data.length));
  data.set(examples.data);
  const places = new Int32Array(new SharedArrayBuffer(4 * examples.places.length));
  places.set(examples.places);
  return { ...examples, data, places };
}

/** How often an interruption is looked for, in milliseconds. */
const LOOK_MS = 50;

/** Rejects when the signal is aborted. */
function untilAborted(caller: string, watch: FitWatch | undefined) {
  let timer: ReturnType<typeof setInterval> | undefined;
  const promise = new Promise<never>((_, reject) => {
    if (watch?.signal === undefined || watch.signal === null) return;
    timer = setInterval(() => {
      if (watch.signal?.aborted)
        reject(new TrainingError(`${caller}: interrupted before the training was complete`));
    }, LOOK_MS);
  });
  promise.catch(() => {});
  return { promise, stop: () => clearInterval(timer) };
}
