/** Lets hooks see the gradients that flow through one call of a module. */
import { ArgumentError } from "../../base/errors.ts";
import { asUserCode, emit } from "../../graph/node.ts";
import { reshapeOp } from "../../ops/shape/shape_ops.ts";
import { watchGradient } from "../../tensor/autograd.ts";
import { noteResult, Tensor } from "../../tensor/tensor.ts";
import type { Module } from "./module.ts";

export interface Watched {
  /** The inputs to call `forward` with. */
  readonly inputs: unknown[];
  /** Takes the output of `forward` and gives the one to go on with. */
  outputs(output: unknown): unknown;
}

/**
 * Puts a view before and after the module, so that the gradients seen are those of this call alone, also when
 * its input is used elsewhere.
 */
export function watchGradients(module: Module, inputs: unknown[]): Watched {
  const gradOutput: (Tensor | null)[] = [];
  const gradInput: (Tensor | null)[] = [];
  const tensors = inputs.filter((input) => input instanceof Tensor);
  const wanted = tensors.filter((tensor) => tensor.requiresGrad).length;
  let arrived = 0;
  const call = (): Tensor | undefined => {
    let replaced: Tensor | undefined;
    for (const hook of module.hooks.backward.list()) {
      const answer = asUserCode(() => hook(module, [...gradInput], [...gradOutput]));
      const only = Array.isArray(answer) ? answer[0] : answer;
      if (only === undefined || only === null) continue;
      if (tensors.length !== 1)
        throw new ArgumentError(
          "registerFullBackwardHook: a hook can return another gradient only for a module with one tensor input",
        );
      gradInput[0] = only;
      replaced = only;
    }
    return replaced;
  };
  let position = 0;
  const viewed = inputs.map((input) => {
    if (!(input instanceof Tensor)) return input;
    const index = position++;
    gradInput[index] = null;
    return input.requiresGrad
      ? view(input, (grad) => {
          gradInput[index] = grad;
          return ++arrived === wanted ? call() : undefined;
        })
      : input;
  });
  const watchOutput = (output: Tensor, index: number) => {
    gradOutput[index] = null;
    if (!output.requiresGrad) return output;
    return view(output, (grad) => {
      gradOutput[index] = grad;
      // Without an input that wants a gradient this is all there will be.
      if (wanted === 0) call();
      return undefined;
    });
  };
  return {
    inputs: viewed,
    outputs: (output) =>
      Array.isArray(output)
        ? output.map((one, i) => (one instanceof Tensor ? watchOutput(one, i) : one))
        : output instanceof Tensor
          ? watchOutput(output, 0)
          : output,
  };
}

/** The same tensor under another name, whose gradient is shown to `seen`. */
function view(tensor: Tensor, seen: (grad: Tensor) => Tensor | undefined): Tensor {
  const twin = new Tensor(emit(reshapeOp, [tensor.value], { shape: tensor.shape }));
  twin.gradientHooks.push((grad) => seen(asUserCode(() => noteResult(grad))));
  watchGradient(twin);
  return twin;
}
