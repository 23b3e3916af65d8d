/** Matrix multiplication. */
import * as F from "../../../tensor/functions/index.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { OnnxOperator } from "../operator.ts";

const gemm: OnnxOperator = {
  weights: [0, 1, 2],
  build(node) {
    const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
    const [transA, transB] = [node.flag("transA", false), node.flag("transB", false)];
    return (inputs) => {
      const [a, b, c] = [inputs.tensor(0), inputs.tensor(1), inputs.optional(2)];
      const x = transA ? F.transpose(a, 0, 1) : a;
      // A linear layer, with the weight as PyTorch holds it.
      const isLayer =
        alpha === 1 && beta === 1 && (c === null || c.ndim === 1) && a.ndim === 2 && b.ndim === 2;
      if (isLayer && (c === null || c.shape[0] === b.shape[transB ? 0 : 1]))
        return F.linear(x, transB ? b : F.transpose(b, 0, 1), c);
      const product = F.matmul(x, transB ? F.transpose(b, 0, 1) : b);
      const scaled = alpha === 1 ? product : F.mul(product, alpha);
      if (c === null || beta === 0) return scaled;
      return F.add(scaled, beta === 1 ? c : F.mul(c, beta));
    };
  },
};

const matMul: OnnxOperator = {
  weights: [0, 1],
  build: () => (inputs) => F.matmul(inputs.tensor(0), inputs.tensor(1)),
};

const einsum: OnnxOperator = {
  build(node) {
    const equation = node.attribute("equation", "string") ?? "";
    return (inputs) => F.einsum(equation, ...inputs.values().map((_, place): Tensor => inputs.tensor(place)));
  },
};

export const LINEAR: Readonly<Record<string, OnnxOperator>> = { Gemm: gemm, MatMul: matMul, Einsum: einsum };
