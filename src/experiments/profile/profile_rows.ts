/** A profile as rows: where a program's time goes, and how far each step is from what the processor can do. */
import type { Roofline } from "../bench/engine_speed.ts";
import type { ProfiledProgram } from "./profile_recorder.ts";
import { stepCosts } from "./step_costs.ts";

/** The steps of one op of a layer, together. */
export interface ProfileRow {
  readonly op: string;
  readonly layer: string;
  readonly steps: number;
  readonly bytes: number;
  readonly operations: number;
  readonly milliseconds: number;
  /** Of the program's time. */
  readonly share: number;
  /** The least time that the roofline allows, max(operations / peak, bytes / bandwidth), over the time it took. */
  readonly roofline: number;
}

/** A program's profile. */
export interface ProgramProfile {
  /** Those that take longest first. */
  readonly rows: readonly ProfileRow[];
  readonly milliseconds: number;
  /** What the whole program would take at least, over what it took. */
  readonly roofline: number;
}

export function profileOf({ program, timings }: ProfiledProgram, bounds: Roofline): ProgramProfile {
  // Each step by its own bound.
  const costs = stepCosts(program, timings).map((step) => ({
    ...step,
    least: leastMilliseconds(step, bounds),
  }));
  const whole = sumOf(costs, "milliseconds");
  const byName = new Map<string, typeof costs>();
  for (const one of costs) {
    const key = `${one.op} ${one.layer}`;
    byName.set(key, [...(byName.get(key) ?? []), one]);
  }
  const rows = [...byName.values()].map((steps): ProfileRow => {
    const milliseconds = sumOf(steps, "milliseconds");
    return {
      op: steps[0].op,
      layer: steps[0].layer,
      steps: steps.length,
      bytes: sumOf(steps, "bytes"),
      operations: sumOf(steps, "operations"),
      milliseconds,
      share: ratio(milliseconds, whole),
      roofline: ratio(sumOf(steps, "least"), milliseconds),
    };
  });
  rows.sort((a, b) => b.milliseconds - a.milliseconds);
  return { rows, milliseconds: whole, roofline: ratio(sumOf(costs, "least"), whole) };
}

function sumOf<K extends string>(steps: readonly Readonly<Record<K, number>>[], of: K): number {
  return steps.reduce((sum, step) => sum + step[of], 0);
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function leastMilliseconds(
  { operations, bytes }: { operations: number; bytes: number },
  { gflops, gigabytesPerSecond }: Roofline,
): number {
  return Math.max(operations / gflops, bytes / gigabytesPerSecond) / 1e6;
}
