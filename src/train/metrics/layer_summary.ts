/** A network layer by layer, as the book prints it: output shapes, parameters, multiply-adds, bytes. */
import { allocateArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { Node, Value } from "../../graph/node.ts";
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import type { SummaryRow } from "../../report/terminal/summary_table.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { fromTypedArray, Tensor } from "../../tensor/tensor.ts";

/**
 * Rows of the layers that hold no other layers, in the order in which they are called. Nothing is computed:
 * the call only records operations, and their shapes say everything.
 *
 * @param inputShape - of one batch, [N, C, H, W]; give N = 1 for numbers per example.
 * @example
 * ```ts
 * const rows = train.layerSummary(net, [1, 1, 28, 28]);
 * rows.length; // 12
 * ```
 */
export function layerSummary(net: Module, inputShape: readonly number[]): SummaryRow[] {
  const rows: { path: string; module: Module; output: Tensor }[] = [];
  const removers: { remove(): void }[] = [];
  for (const [path, module] of net.namedModules()) {
    if ([...module.children()].length > 0) continue;
    removers.push(
      module.registerForwardHook((_module: Module, _inputs: unknown, output: unknown) => {
        if (output instanceof Tensor) rows.push({ path, module, output });
      }),
    );
  }
  const restoreModes = keepModes(net);
  net.eval();
  let last: Tensor;
  try {
    last = noGrad(() =>
      net(fromTypedArray(allocateArray("float32", numel(inputShape)), inputShape, "float32")),
    ) as Tensor;
  } finally {
    restoreModes();
    for (const remover of removers) remover.remove();
  }
  const work = multiplyAddsByLabel(last.value);
  const seen = new Set<Module>();
  return rows.map(({ path, module, output }) => {
    const counted = seen.has(module)
      ? 0
      : [...module.parameters()].reduce((total, p) => total + p.numel(), 0);
    seen.add(module);
    return {
      path,
      layer: module.constructor.name,
      outputShape: output.shape.slice(1),
      parameters: counted,
      multiplyAdds: work.get(`net.${path}`) ?? (path === "" ? (work.get("net") ?? 0) : 0),
      bytes: output.numel() * 4,
    };
  });
}

/** Multiply-adds of convolutions and matmuls, by the layer that recorded them. */
function multiplyAddsByLabel(value: Value): Map<string, number> {
  const work = new Map<string, number>();
  const seen = new Set<Node>();
  const stack: (Node | null)[] = [value.node];
  while (stack.length > 0) {
    const node = stack.pop();
    if (!node || seen.has(node)) continue;
    seen.add(node);
    const count = node.op.multiplyAdds?.(node.inputs, node.outputs, node.attributes) ?? 0;
    if (count > 0) work.set(node.label, (work.get(node.label) ?? 0) + count);
    for (const input of node.inputs) stack.push(input.node);
  }
  return work;
}
