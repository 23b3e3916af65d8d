/** Reductions, orderings and running sums in ONNX. */
import {
  attribute,
  fixed,
  int,
  integers,
  ints,
  type OnnxCall,
  type OnnxRule,
  type OnnxSettings,
} from "./conversion.ts";

/** From opset 18 on the dimensions are an input of all reductions, before of ReduceSum alone. */
export function reduced(
  call: OnnxCall,
  operator: string,
  name: string,
  dims: readonly number[],
  keepdim: boolean,
): string {
  const keepdims = int(keepdim);
  if (operator === "ReduceSum" || call.to.opset >= 18)
    return call.to.node(operator, [name, integers(call, dims)], { keepdims });
  return call.to.node(operator, [name], { axes: ints(dims), keepdims });
}

const over = (operator: string) => (call: OnnxCall) => {
  const dims = attribute<number[]>(call, "dims");
  // Without dimensions ONNX would reduce all of them.
  if (dims.length === 0) return call.inputs[0].name;
  return reduced(call, operator, call.inputs[0].name, dims, attribute<boolean>(call, "keepdim"));
};

const extremePosition = (operator: string) => (call: OnnxCall) =>
  call.to.node(operator, [call.inputs[0].name], {
    axis: int(attribute<number>(call, "dim")),
    keepdims: int(attribute<boolean>(call, "keepdim")),
  });

function largest(call: OnnxCall, count: number, descending: boolean): string[] {
  const settings: OnnxSettings = { axis: int(attribute<number>(call, "dim")), largest: int(descending) };
  return call.to.nodes("TopK", [call.inputs[0].name, integers(call, [count])], settings, 2);
}

const along = (operator: string) => (call: OnnxCall) =>
  call.to.node(operator, [call.inputs[0].name], { axis: int(attribute<number>(call, "dim")) });

export const REDUCTIONS = {
  sum: over("ReduceSum"),
  amax: over("ReduceMax"),
  amin: over("ReduceMin"),
  prod: (call) => {
    const dims = [attribute<number>(call, "dim")];
    return reduced(call, "ReduceProd", call.inputs[0].name, dims, attribute<boolean>(call, "keepdim"));
  },
  argmax: extremePosition("ArgMax"),
  argmin: extremePosition("ArgMin"),
  sort: (call) => {
    const dim = attribute<number>(call, "dim");
    const size = fixed(call.inputs[0].shape[dim], "the number of elements that are sorted");
    return largest(call, size, attribute<boolean>(call, "descending"));
  },
  topk: (call) => largest(call, attribute<number>(call, "k"), attribute<boolean>(call, "largest")),
  cumsum: (call) =>
    call.to.node("CumSum", [call.inputs[0].name, call.to.constant([attribute(call, "dim")], [], "int64")]),
  cumprod: { cannot: "ONNX has no running product; use exp of the cumsum of log" },
  cummax: { cannot: "ONNX has no running maximum; compute it after the network" },
  cummin: { cannot: "ONNX has no running minimum; compute it after the network" },
  mode: { cannot: "ONNX has no most frequent element; compute it after the network" },
  softmax: along("Softmax"),
  logSoftmax: along("LogSoftmax"),
  standardize: "decompose",
  batchNormTraining: "decompose",
} satisfies Record<string, OnnxRule>;
