/**
 * The forms of calls of `nn.functional`: compiled with everything else, never run. A line behind
 * `@ts-expect-error` must not compile; every other line must.
 */
import { logSoftmax, nn, softmax, type Tensor, zeros } from "../../src/index.ts";

const x: Tensor = zeros(2, 3);
const F = nn.functional;
const flag: boolean = x.requiresGrad;

/** By position, by position with the rest by name, and all by name. */
export const allowed: (() => Tensor)[] = [
  () => F.relu(x),
  () => F.relu(x, true),
  () => F.relu({ input: x, inplace: true }),
  () => F.relu_({ input: x }),
  () => F.leakyRelu(x, 0.1, { inplace: true }),
  () => F.leakyRelu_(x, { negativeSlope: 0.1 }),
  () => F.elu({ input: x, alpha: 2 }),
  () => F.celu(x, { alpha: 2, inplace: true }),
  () => F.selu(x, { inplace: true }),
  () => F.hardtanh(x, -2, { maxVal: 2 }),
  () => F.threshold(x, { threshold: 1, value: 20 }),
  () => F.threshold(x, 1, 20, { inplace: true }),
  () => F.softplus(x, 2, { threshold: 10 }),
  () => F.hardshrink({ input: x, lambd: 1 }),
  () => F.softshrink(x, { lambd: 1 }),
  () => F.logsigmoid({ input: x }),
  () => F.gelu(x, { approximate: "tanh" }),
  () => F.gelu({ input: x, approximate: "none" }),
  () => softmax(x),
  () => softmax(x, 1, { dtype: "float64" }),
  () => logSoftmax({ input: x, dim: null }),
  () => x.softmax({ dim: 1 }),
  () => F.softmin(x, { dim: 1 }),
  () => F.embedding([1, 0], x, { paddingIdx: 0 }),
  () => F.embedding({ input: x, weight: x, maxNorm: 1 }),
  () => F.unfold(x, { kernelSize: 2, stride: [2, 1] }),
  () => F.unfold(x, 2, 1, { padding: 1 }),
  () => F.fold(x, { outputSize: [6, 6], kernelSize: 2 }),
  () => F.pad(x, { pad: [1, 1], value: 9 }),
  () => F.pad(x, [1, 1], "reflect"),
  () => F.interpolate(x, { scaleFactor: 2, mode: "bilinear" }),
  () => F.interpolate(x, 2, { recomputeScaleFactor: null }),
  () => F.interpolate(x, null, 2, { antialias: true }),
  () => F.maxPool2d(x, 3),
  () => F.maxPool2d(x, 3, 2, 1, 1, true),
  () => F.maxPool2d(x, 3, null, { padding: 1, returnIndices: false }),
  () => F.maxPool2d({ input: x, kernelSize: [3, 2] }),
  () => F.maxPool2d(x, 3, { returnIndices: true })[1],
  () => F.maxPool2d(x, { kernelSize: 3, returnIndices: true })[1],
  () => F.maxPool1d(x, 3, 2, 0, 1, false, true)[1],
  () => F.maxPool2d.direct(x, 3, 2),
  () => [F.maxPool2d(x, 3, { returnIndices: flag })].flat()[0],
  () => F.avgPool2d(x, 2, { divisorOverride: 3 }),
  () => F.avgPool1d({ input: x, kernelSize: 2, countIncludePad: false }),
  () => F.lpPool2d(x, 2, { kernelSize: 2 }),
  () => F.adaptiveAvgPool2d(x, [1, null]),
  () => F.adaptiveAvgPool1d({ input: x, outputSize: 2 }),
  () => F.adaptiveMaxPool2d(x, 2),
  () => F.adaptiveMaxPool1d(x, { outputSize: 2, returnIndices: true })[0],
  () => F.scaledDotProductAttention(x, x, x, { isCausal: true }),
  () => F.scaledDotProductAttention(x, { key: x, value: x, attnMask: null }),
  () => F.instanceNorm(x, null, { useInputStats: true }),
  () => F.instanceNorm({ input: x, eps: 1e-3 }),
  () => F.mseLoss(x, x, { reduction: "sum" }),
  () => F.mseLoss({ input: x, target: x, weight: x }),
  () => F.l1Loss(x, { target: x }),
  () => F.smoothL1Loss(x, x, { beta: 2 }),
  () => F.huberLoss(x, x, "sum", { delta: 2 }),
  () => F.klDiv(x, x, { reduction: "batchmean", logTarget: true }),
  () => F.poissonNllLoss(x, x, true, { full: true }),
  () => F.gaussianNllLoss(x, x, { var: 1, reduction: "none" }),
  () => F.binaryCrossEntropy(x, x, null, { reduction: "mean" }),
  () => F.binaryCrossEntropyWithLogits(x, x, { posWeight: x }),
  () => F.softMarginLoss(x, x, { reduction: "sum" }),
  () => F.multilabelSoftMarginLoss(x, x, { weight: x }),
  () => F.crossEntropy(x, x, { labelSmoothing: 0.1 }),
  () => F.crossEntropy({ input: x, target: x, ignoreIndex: 0 }),
  () => F.nllLoss(x, x, null, { ignoreIndex: 1 }),
  () => F.multiMarginLoss(x, x, 2, { margin: 0.5 }),
  () => F.cosineSimilarity({ x1: x, x2: x, dim: 0 }),
  () => F.marginRankingLoss(x, x, { target: x, margin: 1 }),
  () => F.cosineEmbeddingLoss(x, x, x, 0.5, { reduction: "sum" }),
  () => F.hingeEmbeddingLoss(x, { target: x }),
  () => F.tripletMarginLoss(x, x, x, { swap: true, p: 1 }),
  () => F.tripletMarginWithDistanceLoss(x, x, x, { distanceFunction: (a, b) => a.sub(b) }),
];

export const refused: (() => unknown)[] = [
  // Wrong options:
  // @ts-expect-error
  () => F.relu(x, { inPlace: true }),
  // @ts-expect-error
  () => F.logsigmoid(x, { inplace: true }),
  // @ts-expect-error
  () => F.maxPool2d(x, 2, { strides: 2 }),
  // @ts-expect-error
  () => F.mseLoss(x, x, { reductions: "sum" }),
  // @ts-expect-error
  () => F.huberLoss(x, x, { sizeAverage: true }),
  // Wrong values:
  // @ts-expect-error
  () => F.gelu(x, "fast"),
  // @ts-expect-error
  () => F.mseLoss(x, x, { reduction: "batchmean" }),
  // @ts-expect-error
  () => F.pad(x, [1, 1], "mirror"),
  // @ts-expect-error
  () => F.interpolate(x, { size: 4, mode: "cubic" }),
  // @ts-expect-error
  () => F.leakyRelu(x, "0.1"),
  // Given twice:
  // @ts-expect-error
  () => F.softplus(x, 2, { beta: 2 }),
  // @ts-expect-error
  () => F.adaptiveMaxPool2d(x, 2, { outputSize: 2 }),
  // @ts-expect-error
  () => F.crossEntropy(x, x, { target: x }),
  // Missing:
  // @ts-expect-error
  () => F.threshold(x, 1),
  // @ts-expect-error
  () => F.maxPool2d(x, { stride: 2 }),
  // @ts-expect-error
  () => F.fold(x, { outputSize: 2 }),
  // @ts-expect-error
  () => F.embedding([1]),
  // @ts-expect-error
  () => F.scaledDotProductAttention(x, x, { isCausal: true }),
  // @ts-expect-error
  () => F.nllLoss(x, { weight: x }),
  // @ts-expect-error
  () => F.tripletMarginLoss(x, x, { swap: true }),
  // The result depends on the flag:
  // @ts-expect-error
  () => F.maxPool2d(x, 3, { returnIndices: true }).shape,
  // @ts-expect-error
  () => F.maxPool2d(x, 3, { returnIndices: false })[1],
];
