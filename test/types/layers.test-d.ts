/**
 * The forms in which layers and losses are made: compiled with everything else, never run. A line behind
 * `@ts-expect-error` must not compile; every other line must.
 */
import { nn, type Tensor, zeros } from "../../src/index.ts";

const w: Tensor = zeros(3);

export const allowed: (() => unknown)[] = [
  () => [nn.ReLU(), nn.ReLU(true), nn.ReLU({ inplace: true }), nn.ReLU6({}), nn.Sigmoid(), nn.Tanh()],
  () => [nn.LeakyReLU(), nn.LeakyReLU(0.1), nn.LeakyReLU(0.1, true), nn.LeakyReLU(0.1, { inplace: true })],
  () => [nn.ELU({ alpha: 2, inplace: true }), nn.CELU(2), nn.GELU("tanh"), nn.GELU({ approximate: "none" })],
  () => [
    nn.Softplus(1, { threshold: 10 }),
    nn.Hardtanh(-1, { maxVal: 2 }),
    nn.Hardshrink(1),
    nn.Softshrink(),
  ],
  () => [nn.Threshold(1, 2), nn.Threshold(1, { value: 2 }), nn.Threshold({ threshold: 1, value: 2 })],
  () => [
    nn.Softmax(1),
    nn.Softmin(null),
    nn.LogSoftmax({ dim: null }),
    nn.GLU(1),
    nn.RReLU(0.1, { upper: 0.2 }),
  ],
  () => [nn.PReLU(), nn.PReLU(3, { init: 0.1 }), nn.PReLU({ dtype: "float64" })],
  () => [
    nn.Dropout(),
    nn.Dropout(0.1, true),
    nn.Dropout2d({ p: 0.1 }),
    nn.AlphaDropout(0.1, { inplace: true }),
  ],
  () => [
    nn.Flatten(),
    nn.Flatten(0, 2),
    nn.Flatten(0, { endDim: 2 }),
    nn.Unflatten(1, { unflattenedSize: [2, 3] }),
  ],
  () => [nn.Identity(), nn.Identity(1, "a"), nn.PixelShuffle(2), nn.PixelUnshuffle({ downscaleFactor: 2 })],
  () => [
    nn.Upsample(8),
    nn.Upsample({ scaleFactor: 2, mode: "bilinear" }),
    nn.Upsample(null, 2, "nearest", null),
  ],
  () => [
    nn.UpsamplingNearest2d({ scaleFactor: [2, 3] }),
    nn.Unfold(2, 1, { stride: 2 }),
    nn.Fold([6, 6], 2, 1, 0, 2),
  ],
  () => [nn.ZeroPad2d(1), nn.ReflectionPad1d({ padding: [1, 2] }), nn.ConstantPad2d(1, { value: 2 })],
  () => [nn.MaxPool2d(2), nn.MaxPool2d(2, null, 1), nn.MaxPool2d(2, 2, 0, { ceilMode: true })],
  () => [
    nn.AvgPool2d({ kernelSize: 2 }),
    nn.AvgPool1d(2, { countIncludePad: false }),
    nn.LPPool2d(2, 3, { stride: 1 }),
  ],
  () => [nn.AdaptiveAvgPool2d([1, null]), nn.AdaptiveMaxPool2d(2, { returnIndices: true })],
  () => [
    nn.Linear(2, 3),
    nn.Linear(2, 3, false),
    nn.Linear(2, { outFeatures: 3 }),
    nn.Linear(2, 3, true, "float64"),
  ],
  () => [
    nn.Bilinear(2, 3, 4, { bias: false }),
    nn.Embedding(10, 3, { paddingIdx: 0 }),
    nn.Embedding(10, 3, null, 1),
  ],
  () => [
    nn.BatchNorm2d(6),
    nn.BatchNorm1d(6, 1e-3, null),
    nn.BatchNorm2d(6, { affine: false, dtype: "float64" }),
  ],
  () => [nn.InstanceNorm2d(6, 1e-5, 0.1, true), nn.LayerNorm([2, 3], { bias: false }), nn.RMSNorm(3, null)],
  () => [
    nn.GroupNorm(2, 4, { affine: false }),
    nn.LocalResponseNorm(5, { k: 2 }),
    nn.LocalResponseNorm(5, 1, 1, 1),
  ],
  () => [
    nn.LazyLinear(10),
    nn.LazyLinear(10, false),
    nn.LazyLinear({ outFeatures: 10 }),
    nn.LazyBatchNorm2d(),
  ],
  () => [
    nn.LazyBatchNorm1d(1e-3),
    nn.LazyBatchNorm2d({ eps: 1e-3 }),
    nn.LazyConvTranspose2d(6, 2, { stride: 2 }),
  ],
  () => [
    nn.MSELoss(),
    nn.MSELoss(null, null, "sum"),
    nn.L1Loss({ reduction: "none" }),
    nn.SmoothL1Loss({ beta: 2 }),
  ],
  () => [
    nn.CrossEntropyLoss(w),
    nn.CrossEntropyLoss({ labelSmoothing: 0.1 }),
    nn.NLLLoss(null, { ignoreIndex: 1 }),
  ],
  () => [nn.BCELoss(w), nn.BCEWithLogitsLoss({ posWeight: w }), nn.KLDivLoss({ reduction: "batchmean" })],
  () => [
    nn.HuberLoss("sum", { delta: 2 }),
    nn.MarginRankingLoss(0.1),
    nn.TripletMarginLoss(1, 2, { swap: true }),
  ],
  () => [nn.MultiMarginLoss(2, { margin: 1 }), nn.PoissonNLLLoss({ full: true }), nn.GaussianNLLLoss(true)],
  () => [nn.CosineSimilarity(1, { eps: 1e-6 }), nn.PairwiseDistance(2, { keepdim: true })],
  // Settings are properties of their own types.
  (): number[] => nn.ZeroPad2d(1).padding,
  (): boolean => nn.ReLU().inplace,
  (): "mean" | "sum" | "none" => nn.MSELoss().reduction,
  (): Tensor | null => nn.NLLLoss().weight,
];

export const refused: (() => unknown)[] = [
  // @ts-expect-error no such option
  () => nn.ReLU({ inPlace: true }),
  // @ts-expect-error nothing to set
  () => nn.Sigmoid(1),
  // @ts-expect-error given twice
  () => nn.LeakyReLU(0.1, { negativeSlope: 0.1 }),
  // @ts-expect-error the value is missing
  () => nn.Threshold(1),
  // @ts-expect-error no such word
  () => nn.GELU("exact"),
  // @ts-expect-error no such option
  () => nn.Dropout({ probability: 0.1 }),
  // @ts-expect-error given twice
  () => nn.Dropout(0.1, { p: 0.1 }),
  // @ts-expect-error the sizes are missing
  () => nn.Unflatten(1),
  // @ts-expect-error the padding is missing
  () => nn.ZeroPad2d(),
  // @ts-expect-error no such option
  () => nn.MaxPool2d(2, { strides: 2 }),
  // @ts-expect-error given twice
  () => nn.MaxPool2d(2, { kernelSize: 2 }),
  // @ts-expect-error the kernel's size is missing
  () => nn.AvgPool2d(),
  // @ts-expect-error averages of sequences have no divisor
  () => nn.AvgPool1d(2, { divisorOverride: 3 }),
  // @ts-expect-error one size is missing
  () => nn.Linear(2),
  // @ts-expect-error given twice
  () => nn.Linear(2, 3, { outFeatures: 3 }),
  // @ts-expect-error a lazy layer learns this
  () => nn.LazyLinear({ inFeatures: 2, outFeatures: 3 }),
  // @ts-expect-error no such dtype
  () => nn.Embedding(10, 3, { dtype: "float" }),
  // @ts-expect-error no such option
  () => nn.BatchNorm2d(6, { epsilon: 1e-3 }),
  // @ts-expect-error a lazy layer learns this
  () => nn.LazyBatchNorm2d({ numFeatures: 6 }),
  // @ts-expect-error the shape is missing
  () => nn.LayerNorm(),
  // @ts-expect-error no such reduction
  () => nn.MSELoss({ reduction: "max" }),
  // @ts-expect-error given twice
  () => nn.CrossEntropyLoss(w, { weight: w }),
  // @ts-expect-error no such option
  () => nn.BCELoss({ posWeight: w }),
  // @ts-expect-error the scores have no margin
  () => nn.HuberLoss({ margin: 1 }),
];
