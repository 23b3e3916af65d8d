/** From what was recorded to the nodes of an ONNX graph. */
import { ArgumentError } from "../../base/errors.ts";
import type { Value } from "../../graph/node.ts";
import { NotExpressible, type OnnxCall } from "../../ops/onnx/conversion.ts";
import { onnxRule } from "../../ops/onnx/table.ts";
import type { GraphWriter } from "./graph_writer.ts";
import { type Pattern, type PatternConstant, patternOf } from "./patterns.ts";
import { opAt, type RecordedNode, type RecordedValue } from "./recorded_graph.ts";

/** The most operations that one error names. */
const MOST_NAMED = 5;

/** A tensor of the file whose elements are still to be read. */
export interface WrittenConstant {
  readonly name: string;
  readonly value: Value;
  readonly shape: readonly number[];
}

/** What `convertGraph` wrote. */
export interface ConvertedGraph {
  /** Name of the output. */
  readonly output: string;
  readonly constants: readonly WrittenConstant[];
}

/**
 * Writes the nodes behind an output.
 *
 * @param input - the name of the network's input.
 * @param keys - names of weights and statistics.
 * @throws ArgumentError that names the operations which ONNX cannot express.
 */
export function convertGraph(
  output: RecordedValue,
  input: string,
  to: GraphWriter,
  keys: ReadonlyMap<Value, string>,
): ConvertedGraph {
  return new Conversion(input, to, keys).run(output);
}

/** A node as it will be written. */
interface Step {
  readonly node: RecordedNode;
  /** In the place of the node and of some before it. */
  readonly pattern: Pattern | null;
  readonly reads: readonly RecordedValue[];
}

class Conversion {
  readonly #to: GraphWriter;
  readonly #input: string;
  readonly #keys: ReadonlyMap<Value, string>;
  readonly #names = new Map<RecordedValue, string>();
  readonly #constants = new Map<string, WrittenConstant>();
  readonly #refused: string[] = [];

  constructor(input: string, to: GraphWriter, keys: ReadonlyMap<Value, string>) {
    this.#input = input;
    this.#to = to;
    this.#keys = keys;
  }

  run(output: RecordedValue): ConvertedGraph {
    const steps = this.#steps(output);
    const used = new Set([output, ...steps.flatMap(({ reads }) => reads)]);
    for (const step of steps) this.#write(step, used);
    if (this.#refused.length > 0) throw refusal([...new Set(this.#refused)]);
    const name = this.#nameOf(output);
    return { output: name, constants: [...this.#constants.values()] };
  }

  /** The nodes that are written, each behind those that it reads. */
  #steps(output: RecordedValue): Step[] {
    const steps: Step[] = [];
    const planned = new Map<RecordedNode, Step>();
    const done = new Set<RecordedNode>();
    const stack = nodesOf([output]);
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const step = planned.get(node) ?? this.#plan(node);
      planned.set(node, step);
      const missing = nodesOf(step.reads).filter((one) => !done.has(one));
      if (missing.length > 0) {
        stack.push(...missing.reverse());
        continue;
      }
      stack.pop();
      if (!done.has(node)) steps.push(step);
      done.add(node);
    }
    return steps;
  }

  #plan(node: RecordedNode): Step {
    const pattern = patternOf(node, this.#to.opset);
    const reads = pattern === null ? node.inputs : pattern.inputs.filter(isRecorded);
    return { node, pattern, reads };
  }

  #write({ node, pattern }: Step, used: ReadonlySet<RecordedValue>): void {
    this.#to.scope = node.label.replace(/^net\.?/, "");
    const written = pattern === null ? this.#convert(node, used) : [this.#writePattern(pattern, node)];
    node.outputs.forEach((output, i) => {
      this.#names.set(output, written[i] ?? "");
    });
    this.#to.scope = "";
  }

  #writePattern({ operator, inputs, settings }: Pattern, node: RecordedNode): string {
    const names = inputs.map((one) => (isRecorded(one) ? this.#nameOf(one) : this.#constant(one, node)));
    return this.#to.node(operator, names, settings);
  }

  #constant({ of, shape }: PatternConstant, { outputs: [{ dtype }] }: RecordedNode): string {
    if (typeof of === "object" && "value" in of) return this.#stored(of, shape);
    const size = shape.reduce((product, one) => product * one, 1);
    if (typeof of === "number") return this.#to.constant(new Array(size).fill(of), shape, dtype);
    return this.#to.constant(of, shape, "int64");
  }

  #convert(node: RecordedNode, used: ReadonlySet<RecordedValue>): readonly string[] {
    const rule = onnxRule(node.op);
    try {
      if (typeof rule === "object") throw new NotExpressible(rule.cannot);
      if (typeof rule !== "function")
        throw new NotExpressible("it is not one of the library's; write it with ops that are");
      const call: OnnxCall = {
        inputs: node.inputs.map((value) => ({
          name: this.#nameOf(value),
          shape: value.shape,
          dtype: value.dtype,
        })),
        outputs: node.outputs.map((value) => ({
          shape: value.shape,
          dtype: value.dtype,
          isUsed: used.has(value),
        })),
        attributes: node.attributes,
        to: this.#to,
      };
      const written = rule(call);
      return typeof written === "string" ? [written] : written;
    } catch (error) {
      if (!(error instanceof NotExpressible)) throw error;
      this.#refused.push(`${opAt(node.op, node.label)}: ${error.message}`);
      return [];
    }
  }

  #nameOf(value: RecordedValue): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = value.isConstant ? this.#storedOrNumber(value) : this.#input;
    this.#names.set(value, name);
    return name;
  }

  #storedOrNumber(value: RecordedValue): string {
    const { node, shape, dtype } = value;
    if (node?.op === "full" && shape.length === 0)
      return this.#to.constant([node.attributes.value as number], [], dtype);
    return this.#stored(value, shape as readonly number[]);
  }

  /** A tensor of the file; its elements are read when all is written. */
  #stored({ value }: RecordedValue, shape: readonly number[]): string {
    const wanted =
      this.#keys.get(value) ?? (this.#to.scope === "" ? "constant" : `${this.#to.scope}/constant`);
    for (const known of this.#constants.values())
      if (known.value === value && String(known.shape) === String(shape)) return known.name;
    const name = this.#to.fresh(wanted);
    this.#constants.set(name, { name, value, shape });
    return name;
  }
}

/** Nodes that compute values which differ from input to input. */
function nodesOf(values: readonly RecordedValue[]): RecordedNode[] {
  return values.flatMap(({ node, isConstant }) => (node === null || isConstant ? [] : [node]));
}

function isRecorded(one: RecordedValue | PatternConstant): one is RecordedValue {
  return "value" in one;
}

function refusal(refused: readonly string[]): ArgumentError {
  const more = refused.length - MOST_NAMED;
  const named = refused.slice(0, MOST_NAMED).join("\n  ");
  return new ArgumentError(
    `onnx.export: ONNX cannot express this network:\n  ${named}${more > 0 ? `\n  and ${more} more` : ""}`,
  );
}
