/** Rows of recorded ops that are one function: means, and activation functions that record several ops. */
import { numel } from "../base/shape.ts";
import type { Node, Value } from "../graph/node.ts";
import { functionAt } from "./known_functions.ts";
import type { Label } from "./layer_label.ts";
import { canonical, type RecordedStep } from "./recording.ts";

/** A function that recorded several ops. */
export interface RecordedFunction {
  readonly kind: "function";
  readonly label: Label;
  readonly source: Value;
  readonly outputs: readonly Value[];
}

/**
 * The steps with such rows as one.
 *
 * @param readers - how many inputs of ops each value is.
 */
export function joinedSteps(
  steps: readonly RecordedStep[],
  readers: ReadonlyMap<Value, number>,
): readonly (RecordedStep | RecordedFunction)[] {
  const joined: (RecordedStep | RecordedFunction)[] = [];
  for (let i = 0; i < steps.length; ) {
    const row = opsFrom(steps, i);
    const found = row.length < 2 ? null : (meanAt(row) ?? activationAt(row));
    if (found !== null && isClosed(row.slice(0, found.length), readers)) {
      joined.push(found.step);
      i += found.length;
    } else joined.push(steps[i++]);
  }
  return joined;
}

/** More ops than any of the functions records. */
const LONGEST = 16;

function opsFrom(steps: readonly RecordedStep[], at: number): Node[] {
  const nodes: Node[] = [];
  for (let i = at; i < Math.min(steps.length, at + LONGEST); i++) {
    const step = steps[i];
    if (step.kind !== "op") break;
    nodes.push(step.node);
  }
  return nodes;
}

interface Found {
  readonly step: RecordedFunction;
  readonly length: number;
}

/** A sum that is divided by the number of its elements. */
function meanAt([sum, quotient]: readonly Node[]): Found | null {
  if (sum.op.name !== "sum" || quotient.op.name !== "div") return null;
  const [dividend, divisor] = quotient.inputs;
  const [source] = sum.inputs;
  const count = numel(source.shape) / Math.max(1, numel(sum.outputs[0].shape));
  if (canonical(dividend) !== sum.outputs[0] || divisor.node?.attributes.value !== count) return null;
  const overImage = source.shape.length === 4 && String(sum.attributes.dims) === "2,3";
  const label: Label = overImage ? { kind: "pool", name: "globalAvgPool" } : { kind: "other", name: "mean" };
  return { step: { kind: "function", label, source, outputs: quotient.outputs }, length: 2 };
}

function activationAt(row: readonly Node[]): Found | null {
  const found = functionAt(row);
  if (found === null) return null;
  const { name, length, source } = found;
  const { outputs } = row[length - 1];
  return {
    step: { kind: "function", label: { kind: "act", name: { text: name } }, source, outputs },
    length,
  };
}

/** Whether nothing else reads what lies between the first and the last op. */
function isClosed(row: readonly Node[], readers: ReadonlyMap<Value, number>): boolean {
  const inside = new Map<Value, number>();
  for (const { inputs } of row)
    for (const value of inputs) inside.set(canonical(value), (inside.get(canonical(value)) ?? 0) + 1);
  return row
    .slice(0, -1)
    .every(({ outputs }) => outputs.every((value) => (readers.get(value) ?? 0) === (inside.get(value) ?? 0)));
}
