/** Batch normalisation and standardising over dimensions, with the moments in double precision. */
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";
import { forEachReduced } from "./reduction.ts";

/** For each position of x its group: the part over which mean and variance are taken. */
function groupsOf(x: ArrayArgument, dims: readonly number[]): Int32Array {
  const groups = new Int32Array(x.data.length);
  forEachReduced(x, dims, (at, out) => {
    groups[at] = out;
  });
  return groups;
}

function sumByGroup(groups: Int32Array, count: number, term: (at: number) => number): Float64Array {
  const totals = new Float64Array(count);
  for (let at = 0; at < groups.length; at++) totals[groups[at]] += term(at);
  return totals;
}

function momentsOf(
  x: ArrayArgument,
  groups: Int32Array,
  count: number,
): { mean: Float64Array; variance: Float64Array } {
  const n = groups.length / count;
  const mean = sumByGroup(groups, count, (at) => x.data[at]).map((total) => total / n);
  const variance = sumByGroup(groups, count, (at) => (x.data[at] - mean[groups[at]]) ** 2).map(
    (total) => total / n,
  );
  return { mean, variance };
}

const allButChannels = (x: ArrayArgument) => x.shape.map((_, d) => d).filter((d) => d !== 1);

const batchNormTraining: ReferenceKernel = ({
  inputs: [x, weight, bias],
  outputs: [y, mean, variance],
  attributes,
}) => {
  const channels = groupsOf(x, allButChannels(x));
  const moments = momentsOf(x, channels, mean.data.length);
  for (let at = 0; at < y.data.length; at++) {
    const c = channels[at];
    const normal =
      (x.data[at] - moments.mean[c]) / Math.sqrt(moments.variance[c] + (attributes.eps as number));
    y.data[at] = normal * weight.data[c] + bias.data[c];
  }
  mean.data.set(moments.mean);
  variance.data.set(moments.variance);
};

const batchNormGradient: ReferenceKernel = ({
  inputs: [dy, x, mean, variance, weight],
  outputs: [dx, dweight, dbias],
  attributes,
}) => {
  const channels = groupsOf(x, allButChannels(x));
  const count = weight.data.length;
  const n = channels.length / count;
  const deviation = Float64Array.from(variance.data, (v) => 1 / Math.sqrt(v + (attributes.eps as number)));
  const normal = (at: number) => (x.data[at] - mean.data[channels[at]]) * deviation[channels[at]];
  const sumOfGradient = sumByGroup(channels, count, (at) => dy.data[at]);
  const sumOfProduct = sumByGroup(channels, count, (at) => dy.data[at] * normal(at));
  for (let at = 0; at < dx.data.length; at++) {
    const c = channels[at];
    const centred = dy.data[at] - (sumOfGradient[c] + normal(at) * sumOfProduct[c]) / n;
    dx.data[at] = weight.data[c] * deviation[c] * centred;
  }
  dweight.data.set(sumOfProduct);
  dbias.data.set(sumOfGradient);
};

const standardize: ReferenceKernel = ({ inputs: [x], outputs: [y, deviation], attributes }) => {
  const groups = groupsOf(x, attributes.dims as number[]);
  const { mean, variance } = momentsOf(x, groups, deviation.data.length);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + (attributes.eps as number)));
  for (let at = 0; at < y.data.length; at++)
    y.data[at] = (x.data[at] - mean[groups[at]]) * inverse[groups[at]];
  deviation.data.set(inverse);
};

export const NORMALIZATION_KERNELS = {
  batchNormTraining,
  batchNormGradient,
  standardize,
} satisfies Record<string, ReferenceKernel>;
