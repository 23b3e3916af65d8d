/**
 * Reverse-mode automatic differentiation: walks the tape back from a result and asks every op for the
 * gradients of its inputs, which are further operations.
 */

import { ArgumentError, AutogradError, ShapeError } from "../base/errors.ts";
import { formatShape, numel, sameShape } from "../base/shape.ts";
import { insideCall, isGradientModeOn, type Node, setGradientMode, type Value } from "../graph/node.ts";
import { full } from "../ops/creation.ts";
import { add } from "../ops/elementwise/elementwise.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { noteSum } from "./carried_gradients.ts";
import { runInScope } from "./reading.ts";
import { defineCall, Tensor } from "./tensor.ts";

/**
 * Runs `body` without joining the tape, and gives what it returns; also the promise of `item()` or `tolist()`.
 *
 * @param body - not asynchronous: what follows an `await` would run outside.
 * @throws ArgumentError for an asynchronous body.
 * @example
 * ```ts
 * const weight = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => weight.mul_(0.5));
 * weight.tolist(); // [0.5, 1]
 * ```
 */
export function noGrad<T>(body: () => T): T {
  return withGradientMode("noGrad", false, body);
}

/**
 * As `noGrad`. (PyTorch's `inference_mode` also marks what it makes; here there is nothing to gain by that.)
 *
 * @example
 * ```ts
 * inferenceMode(() => tensor([1, 2], { requiresGrad: true }).mul(2)).requiresGrad; // false
 * ```
 */
export function inferenceMode<T>(body: () => T): T {
  return withGradientMode("inferenceMode", false, body);
}

/**
 * Runs `body` with operations joining the tape, also inside `noGrad`.
 *
 * @example
 * ```ts
 * const w = tensor(2, { requiresGrad: true });
 * const y = noGrad(() => enableGrad(() => w.mul(3)));
 * y.requiresGrad; // true
 * ```
 */
export function enableGrad<T>(body: () => T): T {
  return withGradientMode("enableGrad", true, body);
}

/**
 * Whether operations join the tape here.
 *
 * @example
 * ```ts
 * noGrad(() => isGradEnabled()); // false
 * ```
 */
export function isGradEnabled(): boolean {
  return isGradientModeOn();
}

function withGradientMode<T>(scope: string, on: boolean, body: () => T): T {
  if (typeof body !== "function") throw new ArgumentError(`${scope}: expected a function to run`);
  const before = setGradientMode(on);
  return runInScope(scope, body, () => setGradientMode(before));
}

interface BackwardOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

/**
 * The value object that stands for a result on the tape. After an in-place change a tensor holds another
 * object for the result of the same node.
 */
function onTape(value: Value): Value {
  return value.gradientOwner !== null || value.node === null ? value : value.node.outputs[value.index];
}

/** Gradients with respect to values, by value. */
class GradientMap {
  private readonly grads = new Map<Value, Value>();

  get(value: Value): Value | undefined {
    return this.grads.get(onTape(value));
  }

  set(value: Value, grad: Value): void {
    this.grads.set(onTape(value), grad);
  }

  add(value: Value, grad: Value): void {
    const before = this.get(value);
    this.set(value, before === undefined ? grad : add(before, grad));
  }
}

/** Tensors that watch the gradient of a value which is not a leaf (hooks, retainGrad). */
const watchers = new WeakMap<Value, Tensor>();

export function watchGradient(tensor: Tensor): void {
  watchers.set(onTape(tensor.value), tensor);
}

/** Walks the tape; calls `leaf` with each leaf and its whole gradient. */
function walk(
  roots: readonly Value[],
  seeds: readonly Value[],
  options: BackwardOptions,
  leaf: (leaf: Value, grad: Value) => void,
  only?: ReadonlySet<Value>,
): GradientMap {
  const grads = new GradientMap();
  const leaves: Value[] = [];
  const nodes = tapeOf(roots, leaves);
  roots.forEach((root, i) => grads.add(root, seeds[i]));
  const wanted = only === undefined ? null : valuesOnTheWay(nodes, only);
  const before = setGradientMode(options.createGraph);
  try {
    for (const node of nodes) backwardThrough(node, grads, wanted, options);
    for (const value of leaves) {
      const grad = grads.get(value);
      if (grad !== undefined) leaf(value, applyHooks(value, grad));
    }
  } finally {
    setGradientMode(before);
  }
  if (!options.retainGraph) for (const node of nodes) node.backwardDone = true;
  return grads;
}

function backwardThrough(
  node: Node,
  grads: GradientMap,
  wanted: ReadonlySet<Value> | null,
  options: BackwardOptions,
): void {
  const outGrads = node.outputs.map((output) => {
    const grad = grads.get(output);
    if (grad === undefined) return null;
    const hooked = applyHooks(output, grad);
    if (hooked !== grad) grads.set(output, hooked);
    return hooked;
  });
  if (outGrads.every((g) => g === null)) return;
  if (node.backwardDone) {
    throw new AutogradError(
      "backward: this graph has been walked before and has freed what it needed; " +
        "pass { retainGraph: true } to the first backward() to go through it twice",
    );
  }
  const needs = node.inputs.map((v) => v.requiresGrad && (wanted === null || wanted.has(onTape(v))));
  if (!needs.includes(true)) return;
  void options;
  const inGrads = insideCall(() =>
    (node.op.gradient as NonNullable<typeof node.op.gradient>)({
      inputs: node.inputs,
      outputs: node.outputs,
      attributes: node.attributes,
      grads: outGrads,
      needs,
    }),
  );
  node.inputs.forEach((input, i) => {
    const grad = inGrads[i];
    if (needs[i] && grad) grads.add(input, grad);
  });
}

function applyHooks(value: Value, grad: Value): Value {
  const watcher = watchers.get(onTape(value)) ?? (value.gradientOwner as Tensor | null);
  if (watcher === null) return grad;
  let tensor = new Tensor(grad);
  for (const hook of watcher.gradientHooks) tensor = hook(tensor) ?? tensor;
  if (watcher.keepsGrad) watcher.grad = tensor;
  return tensor.value;
}

/** Nodes between the roots and the leaves that want gradients, from the newest to the oldest. */
function tapeOf(roots: readonly Value[], leaves: Value[]): Node[] {
  const nodes = new Set<Node>();
  const seenLeaves = new Set<Value>();
  const stack = [...roots];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (!value.requiresGrad) continue;
    if (value.gradientOwner !== null) {
      if (!seenLeaves.has(value)) leaves.push(value);
      seenLeaves.add(value);
      continue;
    }
    const node = value.node;
    if (node === null) {
      throw new AutogradError(
        "backward: a tensor from an earlier step was used, whose graph has been walked before and has freed what " +
          "it needed; detach() what is kept from step to step, or pass { retainGraph: true } to the earlier backward()",
      );
    }
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.inputs) stack.push(input);
  }
  return [...nodes].sort((a, b) => b.id - a.id);
}

/** Values through which a gradient flows to one of `targets`. */
function valuesOnTheWay(nodes: readonly Node[], targets: ReadonlySet<Value>): Set<Value> {
  const wanted = new Set<Value>([...targets].map(onTape));
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (nodes[i].inputs.some((v) => wanted.has(onTape(v))))
      for (const output of nodes[i].outputs) wanted.add(output);
  }
  return wanted;
}

function seedFor(root: Value, given: Tensor | null | undefined, of: string): Value {
  if (!root.requiresGrad) {
    throw new AutogradError(
      `${of}: the tensor does not require a gradient and has no graph to walk: it was made from tensors without requiresGrad, or inside noGrad()`,
    );
  }
  if (root.node === null && root.gradientOwner === null) {
    throw new AutogradError(
      `${of}: this graph has been walked before and has freed what it needed; pass { retainGraph: true } to the first backward() to go through it twice`,
    );
  }
  if (given === null || given === undefined) {
    if (numel(root.shape) !== 1) {
      throw new AutogradError(
        `${of}: a gradient can be created implicitly only for one element, this tensor has shape ${formatShape(root.shape)}; pass \`gradient\``,
      );
    }
    return full(root.shape, 1, root.dtype);
  }
  if (!sameShape(given.value.shape, root.shape)) {
    throw new ShapeError(
      `${of}: expected \`gradient\` of shape ${formatShape(root.shape)}, got ${formatShape(given.value.shape)}`,
    );
  }
  return given.value;
}

export interface BackwardParameters {
  /** The tensor, a loss. */
  input: Tensor;
  /** The gradient of this tensor; needed unless it has one element. @default null */
  gradient?: Tensor | null;
  /** Whether a second backward pass through the same values will follow; null for the value of `createGraph`. @default null */
  retainGraph?: boolean | null;
  /** Whether the gradients themselves can be differentiated. @default false */
  createGraph?: boolean;
}

/**
 * Adds the gradients of `tensors` (losses) to `grad` of every leaf that they were computed from. As a method:
 * `loss.backward()`.
 *
 * @param gradient - of each tensor; may be left out for tensors of one element.
 * @param retainGraph - whether a second backward pass through the same values will follow.
 * @param createGraph - whether the gradients themselves can be differentiated.
 * @throws AutogradError without a graph, after a first `backward()`, or for more than one element without
 * `gradient`.
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * w.square().sum().backward();
 * w.grad!.tolist(); // [2, 4]
 * ```
 */
export const backward = defineCall<BackwardParameters, void>("backward")(
  ["input", "gradient?", "retainGraph?", "createGraph?"],
  (input, gradient = null, retainGraph = null, createGraph = false) => {
    const root = input.value;
    const keeps = { retainGraph: retainGraph ?? createGraph, createGraph };
    walk([root], [seedFor(root, gradient, "backward")], keeps, accumulate);
  },
);

function accumulate(leaf: Value, grad: Value): void {
  const owner = leaf.gradientOwner as Tensor;
  const before = owner.grad;
  const collected = new Tensor(before === null ? grad : add(before.value, grad));
  if (before !== null) noteSum(before.value, collected.value);
  owner.grad = collected;
  defaultSession().gradients.note(collected.cell, owner);
}

export interface GradParameters {
  /** What is differentiated: scalars, or tensors with `gradOutputs` for them. */
  outputs: Tensor | readonly Tensor[];
  /** The tensors to differentiate by. */
  inputs: Tensor | readonly Tensor[];
  /** Gradient of each output; may be left out for outputs of one element. @default null */
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  /** Whether the graph is kept for another backward pass; null for the value of `createGraph`. @default null */
  retainGraph?: boolean | null;
  /** Whether the gradients can be differentiated again. @default false */
  createGraph?: boolean;
  /** Null, not an error, for an input on which the outputs do not depend. @default false */
  allowUnused?: boolean;
}

/**
 * Gradients of `outputs` with respect to `inputs`, without touching any `grad`.
 *
 * @param gradOutputs - gradient of each output; may be left out for outputs of one element.
 * @param createGraph - whether the gradients can be differentiated again.
 * @param allowUnused - null, not an error, for an input on which the outputs do not depend.
 * @returns one tensor per input; null for one that does not take part, if `allowUnused` is set.
 * @throws AutogradError if an input does not take part and `allowUnused` is not set.
 * @example
 * ```ts
 * const x = tensor(1.5, { requiresGrad: true });
 * const [first] = grad([x.pow(2)], [x]);
 * first!.item(); // 3
 * ```
 */
export const grad = defineCall<GradParameters, (Tensor | null)[]>("grad")(
  ["outputs", "inputs", "gradOutputs?", "retainGraph?", "createGraph?", "allowUnused?"],
  (outputs, inputs, gradOutputs = null, retain = null, createGraph = false, allowUnused = false) => {
    const retainGraph = retain ?? createGraph;
    const roots = (Array.isArray(outputs) ? outputs : [outputs]) as Tensor[];
    const targets = (Array.isArray(inputs) ? inputs : [inputs]) as Tensor[];
    const given = gradOutputs === null ? [] : Array.isArray(gradOutputs) ? gradOutputs : [gradOutputs];
    const seeds = roots.map((root, i) => seedFor(root.value, given[i], "grad"));
    const values = targets.map((t) => t.value);
    const grads = walk(
      roots.map((r) => r.value),
      seeds,
      { retainGraph, createGraph },
      () => {},
      new Set(values),
    );
    return values.map((value, i) => {
      const found = grads.get(value);
      if (found !== undefined) return new Tensor(found);
      if (allowUnused) return null;
      throw new AutogradError(
        `grad: input ${i} of shape ${formatShape(value.shape)} ${value.requiresGrad ? "was not used to compute the outputs" : "does not require a gradient"}; pass { allowUnused: true } to get null for it`,
      );
    });
  },
);
