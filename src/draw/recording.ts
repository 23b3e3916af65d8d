/**
 * What a network does with an input, as it is recorded by one call: which module calls which, which ops lie between, and
 * which value goes where. Nothing is computed, and the network is left as it was.
 */
import { isError, isPlainObject, isThenable } from "../base/builtin_kinds.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { emit, lastNodeId, type Node, type OpDefinition, type Value } from "../graph/node.ts";
import { keepModes } from "../nn/module/modes.ts";
import type { Module } from "../nn/module/module.ts";
import { noGrad } from "../tensor/autograd.ts";
import { getRngState, setRngState } from "../tensor/random_state.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A call of a module, with what happened inside it. */
export interface RecordedCall {
  readonly kind: "call";
  readonly module: Module;
  /** As in a state dict, `features.3`; empty for the network itself. */
  readonly path: string;
  readonly steps: readonly RecordedStep[];
  /** What it gave, if it is a tensor or several. */
  readonly outputs: readonly Value[];
}

/** A call of an op outside of any module inside. */
export interface RecordedOp {
  readonly kind: "op";
  readonly node: Node;
}

export type RecordedStep = RecordedCall | RecordedOp;

/** A network's call. */
export interface Recording extends RecordedCall {
  readonly inputs: readonly Value[];
}

/**
 * What a module gives back unchanged (dropout in evaluation) is a value of its own in the recording. Engines have no kernel
 * for it: a recording that lives while weights change is captured with them.
 */
const passedOn: OpDefinition = {
  name: "identity",
  infer: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
  decompose: ([input]) => [input],
};

/** A call while it is recorded: ids of nodes above `first`, up to `last`, were made in it. */
interface OpenCall {
  readonly module: Module;
  readonly path: string;
  readonly first: number;
  last: number;
  readonly calls: OpenCall[];
  outputs: readonly Value[];
}

/**
 * Calls a network in evaluation mode and records what it does.
 *
 * @throws ArgumentError if it does not give tensors that depend on its input, or cannot be called with such an input.
 */
export function recordNetwork(net: Module, inputs: readonly Tensor[]): Recording {
  const root: OpenCall = { module: net, path: "", first: lastNodeId(), last: 0, calls: [], outputs: [] };
  const given = inputs.map(({ value }) => canonical(value));
  const random = getRngState();
  const restoreModes = keepModes(net);
  const removers = watchCalls(net, root);
  let output: unknown;
  try {
    net.eval();
    noGrad(() => {
      output = net(...inputs);
    });
  } catch (error) {
    throw failedCall(error, net, inputs);
  } finally {
    for (const remover of removers) remover.remove();
    restoreModes();
    setRngState(random);
  }
  root.last = lastNodeId();
  root.outputs = valuesIn(output);
  if (root.outputs.length === 0) throw noTensors(net, output);
  const nodes = liveNodes(root.outputs, given, root.first);
  if (nodes.length === 0)
    throw new ArgumentError(
      `draw: what ${nameOf(net)} gives does not depend on its input: there is nothing to draw`,
    );
  return { ...closed(root, nodes), inputs: given };
}

/** Several Value objects can stand for one result. */
export function canonical(value: Value): Value {
  return value.node === null ? value : value.node.outputs[value.index];
}

function watchCalls(net: Module, root: OpenCall): { remove(): void }[] {
  const open: OpenCall[] = [root];
  return net.namedModules().flatMap(([path, module]) => {
    if (module === net) return [];
    return [
      module.registerForwardPreHook(() => {
        const call: OpenCall = { module, path, first: lastNodeId(), last: 0, calls: [], outputs: [] };
        (open.at(-1) as OpenCall).calls.push(call);
        open.push(call);
      }),
      module.registerForwardHook((_module: Module, given: unknown, output: unknown) => {
        const call = open.pop() as OpenCall;
        const changed = ofItsOwn(output, valuesIn(given));
        call.last = lastNodeId();
        call.outputs = valuesIn(changed ?? output);
        return changed;
      }),
    ];
  });
}

/** The same tensor as a new value, if a module gives back what it was given. */
function ofItsOwn(output: unknown, inputs: readonly Value[]): Tensor | undefined {
  if (!(output instanceof Tensor) || !inputs.includes(canonical(output.value))) return undefined;
  return new Tensor(emit(passedOn, [output.value]));
}

/** Values of the tensors in what a module takes or gives: tensors, lists and objects of them. */
function valuesIn(given: unknown, depth = 0): Value[] {
  if (given instanceof Tensor) return [canonical(given.value)];
  if (depth > 4) return [];
  if (Array.isArray(given)) return given.flatMap((part) => valuesIn(part, depth + 1));
  return isPlainObject(given) ? Object.values(given).flatMap((part) => valuesIn(part, depth + 1)) : [];
}

/**
 * Nodes made after `first` that the outputs need and that depend on the input, in the order of their making. It asks no value
 * for its elements: weights that nothing has read yet are not made for a drawing.
 */
function liveNodes(outputs: readonly Value[], inputs: readonly Value[], first: number): Node[] {
  const needed = new Set<Node>();
  const stack = outputs.map(({ node }) => node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === null || node.id <= first || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) stack.push(input.node);
  }
  const live = new Set<Value>(inputs);
  return [...needed]
    .sort((a, b) => a.id - b.id)
    .filter((node) => {
      const isLive = node.inputs.some((value) => live.has(canonical(value)));
      if (isLive) for (const value of node.outputs) live.add(value);
      return isLive;
    });
}

/** A call with its live nodes; calls without any are left out. */
function closed(call: OpenCall, nodes: readonly Node[]): RecordedCall {
  const steps: RecordedStep[] = [];
  let at = 0;
  const opsUpTo = (last: number) => {
    for (; at < nodes.length && nodes[at].id <= last; at++) steps.push({ kind: "op", node: nodes[at] });
  };
  for (const inner of call.calls) {
    opsUpTo(inner.first);
    const from = at;
    while (at < nodes.length && nodes[at].id <= inner.last) at++;
    if (at > from) steps.push(closed(inner, nodes.slice(from, at)));
  }
  opsUpTo(call.last);
  return { kind: "call", module: call.module, path: call.path, steps, outputs: call.outputs };
}

function nameOf(net: Module): string {
  return `the network (${net.constructor.name.slice(0, 80)})`;
}

function noTensors(net: Module, output: unknown): ArgumentError {
  const what = isThenable(output) ? "a promise" : shownValue(output);
  return new ArgumentError(`draw: expected the forward pass of ${nameOf(net)} to give tensors, got ${what}`);
}

function failedCall(error: unknown, net: Module, inputs: readonly Tensor[]): Error {
  const shapes = inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
  const message = isError(error) ? error.message : String(error);
  const Class = error instanceof ShapeError ? ShapeError : ArgumentError;
  return new Class(`draw: ${nameOf(net)} cannot be called with an input of ${shapes}: ${message}`, {
    cause: error,
  });
}
