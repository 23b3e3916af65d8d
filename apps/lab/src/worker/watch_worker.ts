/** Whether a worker still answers: asked again and again. */
import type { WorkerCalls } from "./worker_calls.ts";

/** How often it is asked. A tab in the background asks less often. */
const MILLISECONDS = 1000;

/** Times that an answer is found missing before the worker counts as lost: after sleep, time has passed at once. */
const LEAST_MISSES = 3;

/**
 * Calls `lost` when the worker has left a question unanswered for so long.
 *
 * @returns what ends it.
 */
export function watchWorker(worker: WorkerCalls, milliseconds: number, lost: () => void): () => void {
  let asked: number | null = null;
  let misses = 0;
  const timer = setInterval(() => {
    if (!worker.isRunning) return;
    if (asked === null) {
      asked = performance.now();
      misses = 0;
      const answered = () => {
        asked = null;
      };
      worker.call("ping", null).then(answered, answered);
      return;
    }
    misses++;
    if (
      misses < Math.min(LEAST_MISSES, milliseconds / MILLISECONDS) ||
      performance.now() - asked < milliseconds
    )
      return;
    clearInterval(timer);
    lost();
  }, MILLISECONDS);
  return () => clearInterval(timer);
}
