/** Which layers of a network are called for an input, and what shapes they give. */
import { ArgumentError, didYouMean, ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Value } from "../graph/node.ts";
import type { Module } from "../nn/index.ts";
import { keepModes } from "../nn/module/modes.ts";
import { noGrad } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";

/** One call of a module that gave a tensor. */
export interface LayerCall {
  readonly path: string;
  readonly module: Module;
  /** With the batch. */
  readonly shape: readonly number[];
  readonly value: Value;
  /** Of this module, counted from 0: a layer may be called several times. */
  readonly call: number;
}

/** Runs `body` with the network in evaluation mode; every module is in its own mode again afterwards. */
export function inEvaluation<T>(net: Module, body: () => T): T {
  const restoreModes = keepModes(net);
  net.eval();
  try {
    return body();
  } finally {
    restoreModes();
  }
}

/**
 * A batch of one image: [1, C, H, W], floating-point.
 *
 * @throws ShapeError for another shape.
 */
export function oneImage(of: string, input: unknown): Tensor {
  if (!(input instanceof Tensor))
    throw new ArgumentError(
      `${of}: expected \`input\` to be a Tensor [1, C, H, W], got ${shownValue(input)}; an image becomes one by ` +
        "`await classifier.input(image)` or `data.transforms.ToTensor()`",
    );
  const x = input.ndim === 3 ? input.unsqueeze(0) : input;
  if (x.ndim !== 4 || x.size(0) !== 1)
    throw new ShapeError(
      `${of}: expected one image, [1, C, H, W] or [C, H, W], got ${formatShape(input.shape)}`,
    );
  return x;
}

/**
 * The calls of modules that give tensors, in the order in which they end. Nothing is computed: the call only records
 * operations.
 *
 * @throws ShapeError if the network does not take the input.
 */
export function layerCalls(of: string, net: Module, input: Tensor): LayerCall[] {
  const calls: LayerCall[] = [];
  const counts = new Map<Module, number>();
  const handles = net.namedModules().map(([path, module]) =>
    module.registerForwardHook((_module, _inputs, output) => {
      const call = counts.get(module) ?? 0;
      counts.set(module, call + 1);
      if (output instanceof Tensor)
        calls.push({ path, module, shape: output.shape, value: output.value, call });
    }),
  );
  try {
    takenBy(of, input, () => inEvaluation(net, () => noGrad(() => void net(input))));
    return calls;
  } finally {
    for (const handle of handles) handle.remove();
  }
}

/**
 * What `body` gives, which calls a network with an input.
 *
 * @throws ShapeError that names the input, if the network does not take it.
 */
export function takenBy<T>(of: string, input: Tensor, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ShapeError(
      `${of}: the network does not take an input of shape ${formatShape(input.shape)}: ${error.message}`,
      { cause: error },
    );
  }
}

/** Of a list of names in a message, this many. */
const MOST_NAMES = 60;

/**
 * The last call of a layer.
 *
 * @param fits - whether a layer is of the kind that is looked for.
 * @param kind - that kind in words: "layer with feature maps".
 * @throws ArgumentError that lists the layers of the kind.
 */
export function callNamed(
  of: string,
  calls: readonly LayerCall[],
  layer: unknown,
  { fits, kind }: { fits: (call: LayerCall) => boolean; kind: string },
): LayerCall {
  const known = [...new Set(calls.filter((call) => fits(call)).map(({ path }) => path))].filter(Boolean);
  const found = calls.findLast(({ path }) => path === layer && layer !== "");
  if (found !== undefined && fits(found)) return found;
  const shape = found === undefined ? "" : `, whose output has shape ${formatShape(found.shape)}`;
  const wrong =
    found === undefined
      ? `there is no layer ${shownValue(layer)}${didYouMean(layer, known)}`
      : `\`${found.path}\` is a ${found.module.constructor.name}${shape}: expected a ${kind}`;
  const listed = known.slice(0, MOST_NAMES).join(", ") || "none";
  const more = known.length > MOST_NAMES ? `, and ${known.length - MOST_NAMES} more` : "";
  throw new ArgumentError(`${of}: ${wrong} (of this kind there are: ${listed}${more})`);
}
