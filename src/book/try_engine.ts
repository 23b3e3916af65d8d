/** Chooses what computes. */
import { ArgumentError, EngineError } from "../base/errors.ts";
import { engineNames } from "../engines/engine_names.ts";
import { engineName, useEngine } from "../tensor/index.ts";

/**
 * Uses an engine if it works on this machine, else the next best: the book's `try_gpu` for a machine whose speed
 * lies in its engines. Everything from here on runs on it; weights move along.
 *
 * Source: "Dive into Deep Learning", section 5.6, `try_gpu`.
 *
 * @param name - the one that is wanted; without it the fastest that starts.
 * @returns the name of the engine in use.
 * @throws ArgumentError for a name that no engine has.
 * @example
 * ```ts
 * console.log(`training on ${await book.tryEngine()}`);
 * ```
 */
export async function tryEngine(name?: string): Promise<string> {
  const fastest = ["onednn", "wasm", "reference"].filter((each) => engineNames().includes(each));
  const candidates = name === undefined ? fastest : [name, ...fastest.filter((each) => each !== name)];
  let reason: unknown;
  for (const candidate of candidates) {
    try {
      await useEngine(candidate);
      return engineName();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      reason ??= error;
    }
  }
  throw reason;
}

/**
 * The device to compute on: `"cpu"`, the only one there is, whichever is asked for. Its fastest engine is in use
 * already, unless another one was chosen. `x.to(device)` and `net.to(device)` take it and change nothing.
 *
 * Source: "Dive into Deep Learning", section 5.6.1, `try_gpu`.
 *
 * @param i - number of the GPU that is wanted.
 * @example
 * ```ts
 * const device = book.tryGpu();
 * net.to(device)(x.to(device)).device; // "cpu"
 * ```
 */
export function tryGpu(i = 0): "cpu" {
  if (Number.isInteger(i) && i >= 0) return "cpu";
  throw new ArgumentError(`tryGpu: expected \`i\` to be an integer of at least 0, got ${String(i)}`);
}

/**
 * All devices to compute on: `["cpu"]`.
 *
 * Source: "Dive into Deep Learning", section 5.6.1, `try_all_gpus`.
 *
 * @example
 * ```ts
 * book.tryAllGpus(); // ["cpu"]
 * ```
 */
export function tryAllGpus(): "cpu"[] {
  return ["cpu"];
}
