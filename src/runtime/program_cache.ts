/** The programs of one engine, by the structure of what they compute. */
import { compileGraph } from "../compiler/compile.ts";
import type { CompiledProgram, Engine, ProgramTarget } from "../engines/contract/engine.ts";
import type { Capture } from "../graph/capture.ts";
import type { SessionStatistics } from "./session_statistics.ts";

/** Programs that are remembered; loops whose shapes never repeat would otherwise collect them. */
const MOST_PROGRAMS = 256;

export class ProgramCache {
  readonly #engine: Engine;
  readonly #statistics: SessionStatistics;
  readonly #programs = new Map<string, CompiledProgram>();

  constructor(engine: Engine, statistics: SessionStatistics) {
    this.#engine = engine;
    this.#statistics = statistics;
  }

  /** @throws OutOfMemoryError if the program does not fit the engine's memory. */
  lookUp({ key, build }: Capture, target: ProgramTarget): CompiledProgram {
    const found = this.#programs.get(key);
    if (found !== undefined) {
      // Back to the end of the map: what is forgotten is what has not been used for longest.
      this.#programs.delete(key);
      this.#programs.set(key, found);
      return found;
    }
    const started = performance.now();
    const compiled = this.#engine.compile(compileGraph(build(), target));
    this.#programs.set(key, compiled);
    if (this.#programs.size > MOST_PROGRAMS) this.#forgetOldest();
    this.#statistics.programs++;
    this.#statistics.compileMilliseconds += performance.now() - started;
    return compiled;
  }

  /** Compiles every program again at its next use: the engine would now compute them otherwise. */
  forget(): void {
    for (const compiled of this.#programs.values()) this.#engine.release(compiled);
    this.#programs.clear();
  }

  #forgetOldest(): void {
    const [key, oldest] = this.#programs.entries().next().value as [string, CompiledProgram];
    this.#programs.delete(key);
    this.#engine.release(oldest);
  }
}
