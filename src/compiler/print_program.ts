/** A program as text: its steps in order, with shapes, bytes and, if it was profiled, times. */
import { bytesOf } from "../base/dtype.ts";
import { numel } from "../base/shape.ts";
import type { Program, ProgramStep, StepTiming } from "../engines/contract/engine.ts";

/**
 * One line a step: what it computes, from and into which values, the bytes that it reads and writes, the time
 * it took.
 *
 * ```text
 *  3  conv2d + sigmoid   net.0   %0 [256, 1, 28, 28], %1 ... -> %12 [256, 6, 28, 28]   5.6 MB   1.92 ms
 * ```
 *
 * @example
 * ```ts
 * const [{ program, timings }] = await profile(trainStep);
 * console.log(printProgram(program, timings));
 * ```
 */
export function printProgram(program: Program, timings: readonly StepTiming[] = []): string {
  const time = new Map(timings.map((t) => [t.step, t.milliseconds]));
  const total = timings.reduce((sum, t) => sum + t.milliseconds, 0);
  const rows = program.steps.map((step, i) => [
    String(i),
    nameOfStep(step).slice(0, 60),
    step.label,
    `${step.inputs.map((id) => valueText(program, id)).join(", ")} -> ${step.outputs.map((id) => valueText(program, id)).join(", ")}`,
    megabytes(movedBytes(program, step)),
    time.has(i) ? `${(time.get(i) as number).toFixed(3)} ms` : "",
  ]);
  const widths = [0, 1, 2].map((c) => rows.reduce((widest, row) => Math.max(widest, row[c].length), 0));
  const lines = rows.map(
    (r) =>
      `${r[0].padStart(widths[0])}  ${r[1].padEnd(widths[1])}  ${r[2].padEnd(widths[2])}  ${r[3]}  ${r[4]}${r[5] ? `  ${r[5]}` : ""}`,
  );
  const inputs = program.values.filter((v) => v.kind === "input").length;
  const head =
    `program: ${program.steps.length} steps, ${inputs} inputs, ${program.stateCount} states, ` +
    `${program.outputs.length} outputs, arena ${megabytes(program.arenaBytes)}${timings.length > 0 ? `, ${total.toFixed(3)} ms` : ""}`;
  return [head, ...lines].join("\n");
}

/** The name of an op, of the ops that were fused, or of an op and the activation that it applies. */
export function nameOfStep({ op, attributes }: ProgramStep): string {
  if (op === "fused") return `fused ${attributes.names ?? ""}`.trimEnd();
  return attributes.activation === undefined ? op : `${op} + ${attributes.activation}`;
}

function valueText(program: Program, id: number): string {
  const value = program.values[id];
  const mark =
    value.kind === "temporary" ? "%" : value.kind === "state" ? "$" : value.kind === "input" ? "@" : "~";
  return `${mark}${id} ${value.dtype === "float32" ? "" : `${value.dtype} `}[${value.shape.join(", ")}]`;
}

/** Bytes read and written by a step, each value once. */
export function movedBytes(program: Program, step: ProgramStep): number {
  const ids = new Set([...step.inputs, ...step.outputs]);
  let bytes = 0;
  for (const id of ids) bytes += numel(program.values[id].shape) * bytesOf(program.values[id].dtype);
  return bytes;
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${bytes} B` : `${(bytes / 1e6).toFixed(1)} MB`;
}
