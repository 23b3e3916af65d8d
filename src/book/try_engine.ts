/** Choosing what computes. */
import { EngineError } from "../base/errors.ts";
import { engineNames } from "../engines/engine_names.ts";
import { engineName, useEngine } from "../tensor/index.ts";

/**
 * Uses an engine where it works on this machine, else the next best: the book's `try_gpu` for a machine whose speed
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
