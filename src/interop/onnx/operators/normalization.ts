/** Normalisation. */
import * as F from "../../../tensor/functions/index.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { dimension, NodeFault, type OnnxOperator, UnsupportedNode } from "../operator.ts";

const batchNormalization: OnnxOperator = {
  weights: [1, 2],
  statistics: [3, 4],
  limits: "the module's mode decides whether it is in training",
  build(node) {
    if (node.opset < 9 && !node.flag("spatial", true)) throw new UnsupportedNode("with spatial = 0");
    const eps = node.float("epsilon", 1e-5);
    // The weight of the newest batch, in PyTorch's words; files hold that of what there was before, in 32 bits.
    const momentum = Number((1 - node.float("momentum", 0.9)).toPrecision(6));
    return (inputs, training) => {
      const [x, weight, bias, mean, variance] = [0, 1, 2, 3, 4].map((place) => inputs.tensor(place));
      // In training the running statistics are moved in place, which is what the other outputs are.
      return [F.batchNorm.direct(x, mean, variance, weight, bias, training, momentum, eps), mean, variance];
    };
  },
};

const instanceNormalization: OnnxOperator = {
  weights: [1, 2],
  build(node) {
    const eps = node.float("epsilon", 1e-5);
    return (inputs) => {
      const [weight, bias] = [inputs.tensor(1), inputs.tensor(2)];
      return F.instanceNorm(inputs.tensor(0), { weight, bias, useInputStats: true, eps });
    };
  },
};

const layerNormalization: OnnxOperator = {
  weights: [1, 2],
  limits: "one output",
  build(node) {
    node.firstOutputOnly();
    const [axis, eps] = [node.integer("axis", -1), node.float("epsilon", 1e-5)];
    return (inputs) => {
      const x = inputs.tensor(0);
      const shape = x.shape.slice(dimension(axis, x.ndim));
      const [weight, bias] = [inputs.optional(1), inputs.optional(2)];
      const fits = (of: Tensor | null) => of === null || of.shape.join() === shape.join();
      if (fits(weight) && fits(bias)) return F.layerNorm(x, shape, weight, bias, eps);
      const scaled = F.mul(F.layerNorm(x, shape, null, null, eps), weight ?? 1);
      return bias === null ? scaled : F.add(scaled, bias);
    };
  },
};

/** Weights are for groups until opset 20, then for channels. */
const groupNormalization: OnnxOperator = {
  weights: [1, 2],
  build(node) {
    const [groups, eps] = [node.integer("num_groups", 1), node.float("epsilon", 1e-5)];
    return (inputs) => {
      const x = inputs.tensor(0);
      const channels = x.shape[1];
      const perChannel = (of: Tensor): Tensor =>
        of.shape[0] === channels ? of : F.repeatInterleave(of, channels / groups, { dim: 0 });
      return F.groupNorm(x, groups, perChannel(inputs.tensor(1)), perChannel(inputs.tensor(2)), eps);
    };
  },
};

/** y = x / (bias + alpha / size * sum over neighbouring channels of x^2)^beta. */
const localResponse: OnnxOperator = {
  build(node) {
    const [alpha, beta, k] = [node.float("alpha", 1e-4), node.float("beta", 0.75), node.float("bias", 1)];
    const size = node.integer("size", 0);
    if (size < 1) throw new UnsupportedNode(`with size = ${size}`);
    return (inputs) => {
      const x = inputs.tensor(0);
      if (size % 2 === 1) return F.localResponseNorm(x, size, { alpha, beta, k });
      // An even size reaches further back here, and further forth in PyTorch.
      const [batch, channels] = x.shape;
      const before = Math.floor((size - 1) / 2);
      const squares = F.reshape(F.square(x), [batch, 1, channels, -1]);
      const padded = F.pad(squares, [0, 0, before, size - 1 - before]);
      const means = F.reshape(F.avgPool2d(padded, [size, 1], { stride: 1 }), x.shape);
      return F.div(x, F.pow(F.add(F.mul(means, alpha), k), beta));
    };
  },
};

const lpNormalization: OnnxOperator = {
  build(node) {
    const [axis, p] = [node.integer("axis", -1), node.integer("p", 2)];
    if (p !== 1 && p !== 2) throw new UnsupportedNode(`with p = ${p}`);
    return (inputs) => {
      const x = inputs.tensor(0);
      return F.normalize(x, p, { dim: dimension(axis, x.ndim), eps: 1e-30 });
    };
  },
};

const meanVariance: OnnxOperator = {
  build(node) {
    const axes = node.integers("axes") ?? [0, 2, 3];
    return (inputs) => {
      const x = inputs.tensor(0);
      const dims = axes.map((axis) => dimension(axis, x.ndim));
      const centred = F.sub(x, F.mean(x, dims, true));
      return F.div(centred, F.add(F.sqrt(F.mean(F.square(centred), dims, true)), 1e-9));
    };
  },
};

/** In opset 12 and later the share is an input. */
const dropout: OnnxOperator = {
  limits: "the module's mode decides whether it is in training; no mask in training",
  build(node) {
    const attribute = node.opset < 12 ? node.float("ratio", 0.5) : undefined;
    const wantsMask = node.wants(1);
    return (inputs, training) => {
      const x = inputs.tensor(0);
      const ratio = attribute ?? inputs.optionalNumbers(1, "ratio")?.[0] ?? 0.5;
      if (!wantsMask) return training ? F.dropout(x, ratio, true) : x;
      if (training) throw new NodeFault("the mask of a dropout is not given in training; call eval()");
      const mask = F.eq(x, x);
      return [x, node.opset < 10 ? (mask.to(x.dtype) as Tensor) : mask];
    };
  },
};

export const NORMALIZATION: Readonly<Record<string, OnnxOperator>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  LRN: localResponse,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVariance,
  Dropout: dropout,
};
