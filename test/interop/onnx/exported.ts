/** Files that `onnx.export` wrote, as plain data. */
import { FileError } from "../../../src/base/errors.ts";
import { type nn, onnx } from "../../../src/index.ts";
import type { OnnxModel, OnnxNode } from "../../../src/io/formats/onnx/onnx_model.ts";
import { readOnnx } from "../../../src/io/formats/onnx/read_onnx.ts";

type Options = Omit<onnx.OnnxExportParameters, "net" | "input">;

export async function exported(
  net: nn.Module,
  shape: readonly number[],
  options: Options = {},
): Promise<OnnxModel> {
  return readOnnx(await onnx.export(net, shape, options), (problem) => new FileError(problem));
}

/** How often each operator stands in a graph. */
export function operators({ graph: { nodes } }: OnnxModel): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { opType } of nodes) counts[opType] = (counts[opType] ?? 0) + 1;
  return counts;
}

/** The only node of an operator. */
export function nodeOf({ graph: { nodes } }: OnnxModel, operator: string): OnnxNode {
  const [node, ...others] = nodes.filter(({ opType }) => opType === operator);
  if (node === undefined || others.length > 0)
    throw new Error(`${others.length + (node === undefined ? 0 : 1)} nodes of ${operator}`);
  return node;
}
