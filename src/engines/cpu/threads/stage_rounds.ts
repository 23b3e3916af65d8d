/**
 * What the threads do between two barriers: the stages of one step, one after the other, or stages of several steps that
 * may run side by side (`ProgramStep.joinsNext`), their units one behind the other. GoogLeNet, one image, has 33 barriers
 * so, in place of 82, and steps too small to be cut fill the second thread.
 */
import type { KernelExports, KernelStage } from "../kernel.ts";

/** A stage with the addresses of its step. */
export interface BoundStage {
  /** Position of the step in the program. */
  readonly step: number;
  readonly units: number;
  /** Whether it brings weights into a layout that is kept: only in runs that pack. */
  readonly packs: boolean;
  readonly addresses: Parameters<KernelStage["run"]>[1];
  readonly run: KernelStage["run"];
}

export class StageRound {
  /** Units of all stages. */
  readonly units: number;
  /** Every thread has its part; otherwise the first thread runs the round alone. */
  readonly divided: boolean;
  /** Position of the step whose stage ran last, on this thread. */
  step = 0;
  readonly #stages: readonly BoundStage[];

  constructor(stages: readonly BoundStage[], threads: number) {
    this.#stages = stages;
    this.units = stages.reduce((sum, { units }) => sum + units, 0);
    this.divided = threads > 1 && this.units > 1;
  }

  /** Runs units begin (inclusive) to end (exclusive) of them all. */
  run(exports: KernelExports, begin: number, end: number): void {
    let first = 0;
    for (const { step, units, addresses, run } of this.#stages) {
      const [from, to] = [Math.max(begin, first), Math.min(end, first + units)];
      if (from < to) {
        this.step = step;
        run(exports, addresses, from - first, to - first);
      }
      first += units;
    }
  }
}

/** The rounds of steps that run side by side: the first stages of all, then the second ones. */
export function roundsOf(
  steps: readonly (readonly BoundStage[])[],
  packs: boolean,
  threads: number,
): StageRound[] {
  const wanted = steps.map((stages) => stages.filter((stage) => packs || !stage.packs));
  const count = Math.max(0, ...wanted.map(({ length }) => length));
  return Array.from(
    { length: count },
    (_, i) =>
      new StageRound(
        wanted.flatMap((stages) => stages.slice(i, i + 1)),
        threads,
      ),
  );
}
