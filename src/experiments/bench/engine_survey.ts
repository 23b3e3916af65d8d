/** Which engines work on this machine, and how fast they are. */
import { OutOfMemoryError } from "../../base/errors.ts";
import type { EngineInfo } from "../../engines/contract/engine.ts";
import { engineNames } from "../../engines/engine_names.ts";
import { fastestEngine } from "../../engines/select.ts";
import { startedEngine } from "../../runtime/runtime.ts";
import { stopEngine, useEngine } from "../../tensor/index.ts";
import { type Measured, measureEngine } from "./engine_speed.ts";

/** An engine that was tried. */
export interface TriedEngine {
  readonly name: string;
  /** Null if it does not work here. */
  readonly info: EngineInfo | null;
  readonly measured: readonly Measured[];
  /** Why it does not work. */
  readonly reason: string;
}

/** All engines, and which of them programs get. */
export interface EngineSurvey {
  readonly engines: readonly TriedEngine[];
  /** The engine of a program that names none. */
  readonly chosen: string;
  readonly why: string;
}

/**
 * Tries every engine, one after the other: what `convoyant engine` does. No engine runs afterwards.
 *
 * @throws OutOfMemoryError if matrices of the size do not fit.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { chosen, engines } = await experiments.surveyEngines({ size: 512 });
 * engines.map(({ name, info }) => [name, info !== null]);
 * ```
 */
export async function surveyEngines(options: SurveyOptions = {}): Promise<EngineSurvey> {
  const { onTried } = options;
  const engines: TriedEngine[] = [];
  for (const name of engineNames()) {
    const tried = await tryOut(name, options);
    engines.push(tried);
    onTried?.(tried);
  }
  const chosen = fastestEngine();
  return { engines, chosen, why: reasonFor(chosen, engines) };
}

/** What `surveyEngines` takes. */
export interface SurveyOptions {
  /** @default as many as there are processors */
  readonly threads?: number;
  /** Side of the matrices that are multiplied. @default 1024 */
  readonly size?: number;
  /** Called with each engine that was tried. */
  readonly onTried?: (tried: TriedEngine) => void;
}

async function tryOut(name: string, { threads, size = 1024 }: SurveyOptions): Promise<TriedEngine> {
  try {
    await useEngine(name, threads === undefined ? {} : { threads });
    const measured = await measureEngine(size, name === "reference");
    return { name, info: startedEngine(), measured, reason: "" };
  } catch (error) {
    // The engine works, but not on matrices of this size.
    if (error instanceof OutOfMemoryError) throw error;
    return { name, info: null, measured: [], reason: (error as Error).message };
  } finally {
    await stopEngine();
  }
}

function reasonFor(chosen: string, tried: readonly TriedEngine[]): string {
  if (chosen === "onednn") return "the library under PyTorch's CPU backend, which is installed here";
  const onednn = tried.find(({ name }) => name === "onednn");
  return onednn === undefined || onednn.info !== null
    ? "the fastest that works here"
    : "the fastest that works here; onednn would be faster (`convoyant engine install onednn` installs it)";
}
