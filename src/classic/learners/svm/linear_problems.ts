/** One linear problem for each class, solved in workers. */
import { processors } from "../../../workers/processors.ts";
import { RequestWorkers } from "../../../workers/request_workers.ts";
import type { WorkerScript } from "../../../workers/worker_port.ts";
import type { Matrix } from "../../matrix.ts";
import type { FitWatch } from "../learner.ts";
import { checkAborted, letEventsRun, untilAborted } from "../turns.ts";
import {
  type LinearProblemSettings,
  type LinearSolution,
  needsWide,
  solveLinear,
} from "./dual_coordinate_descent.ts";
import { LinearMemory, type SentExamples, sendExamples } from "./linear_memory.ts";

/** Fewer values than this are solved sooner than workers start. */
const WORTH_WORKERS = 200_000;

const SCRIPT: WorkerScript = {
  url: () => new URL("./linear_svm_worker.js", import.meta.url),
  source: () => import("#worker_sources/linear_svm_worker"),
};

/** What all workers are sent. */
export interface SentProblems {
  readonly sent: SentExamples;
  readonly places: Int32Array;
  readonly settings: LinearProblemSettings;
}

/** A class, and which weights are its own. */
export interface LinearQuestion {
  readonly positive: number;
  readonly problem: number;
}

/** Who asks for solutions. */
export interface LinearCaller {
  readonly caller: string;
  readonly watch: FitWatch | undefined;
  /** How many workers solve; 0 for this thread, by default as many as are of use. */
  readonly workers?: number;
}

/** The solution of each positive class, the same for any number of workers. */
export async function solveProblems(
  x: Matrix,
  places: Int32Array,
  positives: readonly number[],
  settings: LinearProblemSettings,
  { caller, watch, workers }: LinearCaller,
): Promise<LinearSolution[]> {
  const useful =
    x.data.length * positives.length < WORTH_WORKERS ? 0 : Math.min(processors(), positives.length);
  const count = workers ?? useful;
  const sent = await sendExamples(x, positives.length);
  if (count === 0) {
    const solutions: LinearSolution[] = [];
    for (const [problem, positive] of positives.entries()) {
      const memory = new LinearMemory(sent, problem, needsWide(settings));
      solutions.push(solveLinear(places, positive, memory, settings));
      watch?.onProgress?.(solutions.length / positives.length);
      await letEventsRun();
      checkAborted(caller, watch);
    }
    return solutions;
  }
  const pool = await RequestWorkers.start<SentProblems, LinearQuestion, LinearSolution>({
    count,
    script: SCRIPT,
    given: { sent, places, settings },
    owner: caller,
  });
  const aborted = untilAborted(caller, watch);
  let done = 0;
  try {
    const asked = positives.map(async (positive, problem) => {
      const solution = await pool.ask({ positive, problem });
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
