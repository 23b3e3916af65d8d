/** Activations. */

import * as F from "../../../tensor/functions/index.ts";
import { logSoftmax as logSoftmaxOf, softmax as softmaxOf } from "../../../tensor/functions/nn/softmax.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { dimension, type NodeSettings, type OnnxOperator } from "../operator.ts";

/** An operator of one tensor. */
const one = (body: (x: Tensor) => Tensor): OnnxOperator => ({
  build: () => (inputs) => body(inputs.tensor(0)),
});

/** One with a number, `alpha`. */
const withAlpha = (otherwise: number, body: (x: Tensor, alpha: number) => Tensor): OnnxOperator => ({
  build(node) {
    const alpha = node.float("alpha", otherwise);
    return (inputs) => body(inputs.tensor(0), alpha);
  },
});

/** alpha and beta of the usual line, as they are rounded to 32 bits in files. */
const isNear = (value: number, usual: number): boolean => Math.abs(value - usual) < 1e-6;

const hardSigmoid: OnnxOperator = {
  build(node) {
    const [alpha, beta] = [node.float("alpha", 0.2), node.float("beta", 0.5)];
    return (inputs) => {
      const x = inputs.tensor(0);
      if (isNear(alpha, 1 / 6) && isNear(beta, 0.5)) return F.hardsigmoid(x);
      return F.clamp(F.add(F.mul(x, alpha), beta), 0, 1);
    };
  },
};

const SELU = [1.6732632423543772, 1.0507009873554805] as const;

const selu: OnnxOperator = {
  build(node) {
    const [alpha, gamma] = [node.float("alpha", SELU[0]), node.float("gamma", SELU[1])];
    const usual = isNear(alpha, SELU[0]) && isNear(gamma, SELU[1]);
    return (inputs) => {
      const x = inputs.tensor(0);
      return usual ? F.selu(x) : F.mul(F.elu(x, { alpha }), gamma);
    };
  },
};

/**
 * The slope is broadcast to the input from the right, until opset 6 along the channels; PyTorch's has one number for all
 * or for each channel.
 */
const prelu: OnnxOperator = {
  weights: [1],
  build(node) {
    const byChannel = node.opset < 7;
    return (inputs) => {
      const [x, slope] = [inputs.tensor(0), inputs.tensor(1)];
      const { shape } = slope;
      if (shape.every((n) => n === 1)) return F.prelu(x, F.reshape(slope, [1]));
      const rank = byChannel ? x.ndim - 1 : shape.length;
      const perChannel =
        x.ndim > 1 && rank === x.ndim - 1 && shape[0] === x.shape[1] && shape.slice(1).every((n) => n === 1);
      if (perChannel) return F.prelu(x, F.reshape(slope, [x.shape[1]]));
      return F.where(F.lt(x, 0), F.mul(x, slope), x);
    };
  },
};

const gelu: OnnxOperator = {
  build(node) {
    const approximate = node.word("approximate", "none", ["none", "tanh"]);
    return (inputs) => F.gelu(inputs.tensor(0), { approximate });
  },
};

const shrink: OnnxOperator = {
  build(node) {
    const [lambd, bias] = [node.float("lambd", 0.5), node.float("bias", 0)];
    return (inputs) => {
      const x = inputs.tensor(0);
      const zero = F.mul(x, 0);
      const above = F.where(F.gt(x, lambd), F.sub(x, bias), zero);
      return F.where(F.lt(x, -lambd), F.add(x, bias), above);
    };
  },
};

/** Until opset 12 everything from `axis` on is one dimension. */
function overAxis(node: NodeSettings, body: (x: Tensor, dim: number) => Tensor): (x: Tensor) => Tensor {
  const together = node.opset < 13;
  const axis = node.integer("axis", together ? 1 : -1);
  return (x) => {
    const at = dimension(axis, x.ndim);
    if (!together) return body(x, at);
    const flat = F.reshape(x, [
      x.shape.slice(0, at).reduce((a, b) => a * b, 1),
      x.shape.slice(at).reduce((a, b) => a * b, 1),
    ]);
    return at === x.ndim - 1 ? body(x, at) : F.reshape(body(flat, 1), x.shape);
  };
}

const along = (body: (x: Tensor, dim: number) => Tensor): OnnxOperator => ({
  build(node) {
    const run = overAxis(node, body);
    return (inputs) => run(inputs.tensor(0));
  },
});

/** 1 at the first of the largest, 0 elsewhere. */
function hardmaxOf(x: Tensor, dim: number): Tensor {
  const places = F.argmax(x, { dim, keepdim: true });
  return F.scatter(F.mul(x, 0), dim, places, F.add(F.mul(F.gather(x, dim, places), 0), 1));
}

export const ACTIVATIONS: Readonly<Record<string, OnnxOperator>> = {
  Relu: one((x) => F.relu(x)),
  LeakyRelu: withAlpha(0.01, (x, alpha) => F.leakyRelu(x, alpha)),
  PRelu: prelu,
  Elu: withAlpha(1, (x, alpha) => F.elu(x, { alpha })),
  Selu: selu,
  Celu: withAlpha(1, (x, alpha) => F.celu(x, { alpha })),
  Sigmoid: one((x) => F.sigmoid(x)),
  Tanh: one((x) => F.tanh(x)),
  HardSigmoid: hardSigmoid,
  HardSwish: one((x) => F.hardswish(x)),
  Softplus: one((x) => F.softplus(x)),
  Softsign: one((x) => F.softsign(x)),
  Gelu: gelu,
  Mish: one((x) => F.mish(x)),
  ThresholdedRelu: withAlpha(1, (x, alpha) => F.threshold(x, alpha, 0)),
  Shrink: shrink,
  Softmax: along((x, dim) => softmaxOf(x, { dim })),
  LogSoftmax: along((x, dim) => logSoftmaxOf(x, { dim })),
  Hardmax: along(hardmaxOf),
};
