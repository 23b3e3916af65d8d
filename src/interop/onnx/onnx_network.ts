/** A network of an ONNX file as a module. */
import { isPlainObject } from "../../base/builtin_kinds.ts";
import { isFloating } from "../../base/dtype.ts";
import { ArgumentError, ConvoyantError, DTypeError, nameError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { OnnxValueInfo } from "../../io/formats/onnx/onnx_model.ts";
import { dtypeOfDataType } from "../../io/formats/onnx/onnx_tensor.ts";
import { Module } from "../../nn/module/module.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { NetworkBranch, NetworkStep } from "./build_nodes.ts";
import { asTensor, isKnown, KnownArray, type OnnxValue } from "./known_array.ts";
import { NetworkState } from "./network_state.ts";
import { NodeFault, NodeInputs } from "./operator.ts";
import type { NetworkPlan } from "./plan_network.ts";

/** What is known of a file besides its nodes. */
export interface NetworkFacts {
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: string;
}

/** An input of a network: its name, dtype, and sizes (a text or -1 for one that is free). */
export interface OnnxInput {
  readonly name: string;
  readonly dtype: string | undefined;
  readonly shape: readonly (number | string)[] | undefined;
}

/**
 * A network that was read from an ONNX file: `onnx.load` makes it. It is called with tensors in the order of its inputs, or
 * with one object of tensors by name, and gives a tensor, or a list if it has several outputs.
 *
 * Weights are parameters under the names that they have in the file, so `parameters()`, `stateDict()`, `loadStateDict()`,
 * `train()` and `eval()` work as with any other module. It comes in evaluation mode.
 */
export class OnnxNetwork extends Module {
  /** Without the weights, which live in the module's members. */
  readonly #plan: Pick<NetworkPlan, "steps" | "constants" | "opset">;
  readonly #facts: NetworkFacts;
  readonly #state: NetworkState;
  /** For each step the values that nothing after it uses. */
  readonly #done: readonly (readonly string[])[];

  /** @internal */
  constructor(plan: NetworkPlan, facts: NetworkFacts) {
    super();
    const { steps, constants, opset } = plan;
    this.#plan = { steps, constants, opset };
    this.#facts = facts;
    this.#state = new NetworkState(this, plan);
    this.#done = lastUses(steps, facts.outputs);
    this.eval();
  }

  /** What the network is called with. */
  get inputs(): readonly OnnxInput[] {
    return this.#facts.inputs.map(({ name, dataType, shape }) => ({
      name,
      dtype: dtypeOfDataType(dataType),
      shape,
    }));
  }

  /** Names of what it gives. */
  get outputNames(): readonly string[] {
    return this.#facts.outputs;
  }

  /** The texts that the file carries (`metadata_props`), such as class names. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#facts.metadata;
  }

  /** The set of operators that the file was written for. */
  get opset(): number {
    return this.#plan.opset;
  }

  override forward(...given: unknown[]): any {
    const values = new Map<string, OnnxValue>(this.#plan.constants);
    for (const [name, tensor] of this.#state.tensors()) values.set(name, tensor);
    this.#bind(given).forEach((tensor, i) => {
      values.set(this.#facts.inputs[i].name, knownInput(tensor) ?? tensor);
    });
    this.#plan.steps.forEach((step, i) => {
      this.#run(step, values);
      for (const name of this.#done[i]) values.delete(name);
    });
    const out = this.#facts.outputs.map((name) => asTensor(values.get(name) as OnnxValue));
    return out.length === 1 ? out[0] : out;
  }

  #run(step: NetworkStep, values: Map<string, OnnxValue>): void {
    const { label, inputs, outputs, run } = step;
    if (step.branches !== undefined) {
      this.#runBranch(step, step.branches, values);
      return;
    }
    let result: OnnxValue | readonly OnnxValue[];
    try {
      result = run(new NodeInputs(inputs.map((name) => values.get(name))), this.training);
    } catch (error) {
      if (error instanceof NodeFault) throw new ShapeError(`onnx: ${label}: ${error.message}`);
      if (error instanceof ConvoyantError) nameError(error, `onnx: ${label}`);
      throw error;
    }
    const list = [result].flat() as OnnxValue[];
    outputs.forEach((name, i) => {
      if (name !== "" && list[i] !== undefined) values.set(name, list[i]);
    });
  }

  /** Runs the branch of an If that its condition chooses; the condition must follow from shapes. */
  #runBranch(
    { label, inputs, outputs }: NetworkStep,
    branches: readonly [NetworkBranch, NetworkBranch],
    values: Map<string, OnnxValue>,
  ): void {
    const condition = values.get(inputs[0]);
    if (!isKnown(condition))
      throw new ShapeError(
        `onnx: ${label}: its condition is computed from the contents of tensors, expected shapes`,
      );
    const branch = branches[condition.data[0] !== 0 ? 0 : 1];
    for (const step of branch.steps) this.#run(step, values);
    outputs.forEach((name, i) => {
      values.set(name, values.get(branch.outputs[i]) as OnnxValue);
    });
    for (const step of branch.steps) for (const name of step.outputs) values.delete(name);
  }

  /** The inputs in order. @throws ArgumentError, DTypeError or ShapeError if they are not those of the file. */
  #bind(given: readonly unknown[]): Tensor[] {
    const { inputs } = this.#facts;
    const [first] = given;
    const named =
      given.length === 1 && !(first instanceof Tensor) && isPlainObject(first) ? first : undefined;
    const names = inputs.map(({ name }) => name);
    if (named !== undefined) {
      const unknown = Object.keys(named).find((name) => !names.includes(name));
      if (unknown !== undefined)
        throw new ArgumentError(
          `onnx: there is no input ${shownValue(unknown)}; the network has ${names.join(", ")}`,
        );
    } else if (given.length !== inputs.length)
      throw new ArgumentError(
        `onnx: expected ${inputs.length} input${inputs.length === 1 ? "" : "s"} (${names.join(", ")}), got ${given.length}`,
      );
    return inputs.map((info, i) => checkedInput(info, named === undefined ? given[i] : named[info.name]));
  }

  override extraRepr(): string {
    const { steps } = this.#plan;
    return `${this.#facts.inputs.map(inputText).join(", ")}, nodes=${steps.length}, opset=${this.opset}`;
  }
}

function inputText({ name, shape }: OnnxValueInfo): string {
  return shape === undefined
    ? name
    : `${name}=[${shape.map((size) => (isFree(size) ? size || "?" : size)).join(", ")}]`;
}

/** A size without a number: a name, none, or a negative number, as some exporters write. */
const isFree = (size: number | string): boolean => typeof size === "string" || size < 0;

function checkedInput({ name, dataType, shape }: OnnxValueInfo, tensor: unknown): Tensor {
  if (!(tensor instanceof Tensor))
    throw new ArgumentError(`onnx: expected the input ${name} to be a tensor, got ${shownValue(tensor)}`);
  const dtype = dtypeOfDataType(dataType);
  // A network that was converted to another floating dtype takes that.
  const bothFloating = dtype !== undefined && isFloating(dtype) && isFloating(tensor.dtype);
  if (dtype !== undefined && dtype !== tensor.dtype && !bothFloating)
    throw new DTypeError(
      `onnx: input ${name}: expected ${dtype}, got ${tensor.dtype}; convert it: x.to("${dtype}")`,
    );
  if (shape === undefined) return tensor;
  const fits =
    shape.length === tensor.ndim && shape.every((size, d) => isFree(size) || size === tensor.shape[d]);
  if (fits) return tensor;
  const onlyBatch =
    shape.length === tensor.ndim &&
    shape.every((size, d) => d === 0 || isFree(size) || size === tensor.shape[d]);
  throw new ShapeError(
    `onnx: input ${name}: expected [${shape.map((size) => size || "?").join(", ")}], got ${formatShape(tensor.shape)}` +
      (onlyBatch
        ? `; the network was exported for batches of ${shape[0]}: export it with a free batch size, or load it with { freeBatch: true }`
        : ""),
  );
}

/** As many numbers as a shape, an axis or scales may have. */
const MOST_SIZES = 64;

/** A short list of numbers that were given as such: the network may take shapes or indices from it. */
function knownInput(tensor: Tensor): KnownArray | undefined {
  const { data } = tensor.value;
  if (data === null || tensor.ndim > 1 || data.length > MOST_SIZES || tensor.requiresGrad) return undefined;
  return KnownArray.stored(tensor.dtype, tensor.shape, data.slice());
}

/** For each step the values that are used there for the last time. */
function lastUses(steps: readonly NetworkStep[], outputs: readonly string[]): string[][] {
  const last = new Map<string, number>();
  steps.forEach(({ inputs, outputs: given }, i) => {
    for (const name of [...inputs, ...given]) last.set(name, i);
  });
  for (const name of outputs) last.delete(name);
  const done: string[][] = steps.map(() => []);
  for (const [name, i] of last) done[i].push(name);
  return done;
}
