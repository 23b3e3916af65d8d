/** What every engine derives from a program's tables before it runs it. */

import type { TypedArray } from "../../base/dtype.ts";
import { bytesOf } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { formatShape, numel } from "../../base/shape.ts";
import type {
  Attributes,
  EngineBuffer,
  Program,
  ProgramValue,
  RunBindings,
  StepSpec,
  TensorSpec,
} from "./engine.ts";

/** A step of a program or graph, whose operands are numbers of values, as an engine is asked about it. */
export function specOf(
  values: readonly TensorSpec[],
  op: string,
  step: {
    readonly attributes: Attributes;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
  },
): StepSpec {
  const specs = (ids: readonly number[]) => ids.map((id) => values[id]);
  return { op, attributes: step.attributes, inputs: specs(step.inputs), outputs: specs(step.outputs) };
}

/** Bytes of one value, without padding. */
export function valueBytes(value: ProgramValue): number {
  return numel(value.shape) * bytesOf(value.dtype);
}

/** For every value the one whose bytes it shares; itself if it is not an alias. */
export function aliasRoots(program: Program): number[] {
  return program.values.map((_, id) => {
    let root = id;
    while (program.values[root].kind === "alias") root = program.values[root].index;
    return root;
  });
}

/** The value that is bound at each position of the run's inputs (or states). */
export function boundValues(program: Program, kind: "input" | "state"): number[] {
  const out: number[] = [];
  program.values.forEach((value, id) => {
    if (value.kind === kind) out[value.index] = id;
  });
  return out;
}

/** Copies at the end of a run: those that are needed at all, and which must read before others write. */
export interface CommitPlan {
  readonly from: number;
  readonly to: number;
  /** `from` is a state that an earlier commit overwrites: its bytes must be saved first. */
  readonly early: boolean;
}

export function planCommits(program: Program, roots: readonly number[]): CommitPlan[] {
  const written = new Set<number>();
  const plan: CommitPlan[] = [];
  for (const { from, to } of program.commits) {
    if (roots[from] === roots[to]) continue;
    plan.push({ from, to, early: written.has(roots[from]) });
    written.add(roots[to]);
  }
  return plan;
}

/** Throws if the bindings do not fit the program: these are bugs of the calling code. */
export function checkBindings(
  engine: string,
  program: Program,
  inputValues: readonly number[],
  stateValues: readonly number[],
  bindings: RunBindings,
): void {
  if (bindings.inputs.length !== program.inputCount || bindings.states.length !== program.stateCount) {
    throw new EngineError(
      `${engine}: the program takes ${program.inputCount} inputs and ${program.stateCount} states, ` +
        `got ${bindings.inputs.length} and ${bindings.states.length}`,
    );
  }
  inputValues.forEach((id, i) =>
    checkSize(engine, "input", i, program.values[id], bindings.inputs[i].byteLength),
  );
  stateValues.forEach((id, i) => checkSize(engine, "state", i, program.values[id], bindings.states[i].bytes));
  if (bindings.keep !== undefined) checkKept(engine, program, bindings.keep, bindings.states);
}

function checkKept(
  engine: string,
  program: Program,
  keep: NonNullable<RunBindings["keep"]>,
  states: readonly EngineBuffer[],
): void {
  if (keep.length !== program.outputs.length) {
    throw new EngineError(
      `${engine}: the program has ${program.outputs.length} outputs, got ${keep.length} entries of keep`,
    );
  }
  const taken = new Set(states);
  keep.forEach((buffer, i) => {
    if (buffer === null) return;
    if (taken.has(buffer)) {
      throw new EngineError(
        `${engine}: output ${i} cannot be kept in buffer ${buffer.id}, which is a state of the run or keeps another output`,
      );
    }
    taken.add(buffer);
    checkSize(engine, "kept output", i, program.values[program.outputs[i]], buffer.bytes);
  });
}

function checkSize(engine: string, what: string, index: number, value: ProgramValue, bytes: number): void {
  const needed = valueBytes(value);
  const fits = what === "input" ? bytes === needed : bytes >= needed;
  if (fits) return;
  throw new EngineError(
    `${engine}: ${what} ${index} is ${value.dtype} ${formatShape(value.shape)} (${needed} bytes), got ${bytes} bytes`,
  );
}

/** By output of the program, the buffer that keeps it; null for a copy. */
export function keptOutputs({ outputs }: Program, { keep }: RunBindings): readonly (EngineBuffer | null)[] {
  return keep ?? outputs.map(() => null);
}

/** The bytes of an array, copied, so that they can be handed over to a worker. */
export function copyOf(data: TypedArray): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.byteLength);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return out;
}

/** "12.3 MiB" for messages. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  let amount = bytes;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return unit === 0 ? `${amount} bytes` : `${amount.toFixed(1)} ${units[unit]}`;
}

/** Throws if a buffer was freed, or belongs to another engine. */
export function requireBuffer(
  engine: string,
  live: ReadonlyMap<number, EngineBuffer>,
  buffer: EngineBuffer,
): void {
  if (live.get(buffer.id) !== buffer) {
    throw new EngineError(`${engine}: buffer ${buffer.id} was freed, or belongs to another engine`);
  }
}
