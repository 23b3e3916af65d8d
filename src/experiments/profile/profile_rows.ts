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

/** Those that take longest first. */
export function profileRows({ program, timings }: ProfiledProgram, bounds: Roofline): ProfileRow[] {
  const costs = stepCosts(program, timings);
  const total = costs.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const byName = new Map<string, typeof costs>();
  for (const one of costs) {
    const key = `${one.op} ${one.layer}`;
    byName.set(key, [...(byName.get(key) ?? []), one]);
  }
  const rows = [...byName.values()].map((steps): ProfileRow => {
    const sum = (of: "bytes" | "operations" | "milliseconds") => steps.reduce((all, one) => all + one[of], 0);
    const milliseconds = sum("milliseconds");
    const { op, layer } = steps[0];
    // Each step by its own bound.
    const least = steps.reduce((all, step) => all + leastMilliseconds(step, bounds), 0);
    return {
      ...{ op, layer, steps: steps.length, bytes: sum("bytes"), operations: sum("operations"), milliseconds },
      share: total === 0 ? 0 : milliseconds / total,
      roofline: milliseconds === 0 ? 0 : least / milliseconds,
    };
  });
  return rows.sort((a, b) => b.milliseconds - a.milliseconds);
}

/** What the whole program would take at least, over what it took. */
export function wholeRoofline({ program, timings }: ProfiledProgram, bounds: Roofline): number {
  const costs = stepCosts(program, timings);
  const total = costs.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return total === 0 ? 0 : costs.reduce((sum, step) => sum + leastMilliseconds(step, bounds), 0) / total;
}

function leastMilliseconds(
  { operations, bytes }: { operations: number; bytes: number },
  { gflops, gigabytesPerSecond }: Roofline,
): number {
  return Math.max(operations / gflops, bytes / gigabytesPerSecond) / 1e6;
}
