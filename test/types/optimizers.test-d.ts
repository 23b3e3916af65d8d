/**
 * The forms in which optimisers, schedulers and the functions of `nn.init` and `nn.utils` are called: compiled with
 * everything else, never run. A line behind `@ts-expect-error` must not compile; every other line must.
 */
import { nn, optim, zeros } from "../../src/index.ts";

const net = nn.Linear(2, 3);
const params = net.parameters();
const sgd = optim.SGD(params, { lr: 0.1 });
const w = zeros(3, 5);
const either = (adam: boolean) => (adam ? optim.Adam : optim.SGD);

export const allowed: (() => unknown)[] = [
  () => [
    optim.SGD(params),
    optim.SGD(params, 0.1, 0.9),
    optim.SGD(params, 0.1, { nesterov: true, momentum: 0.9 }),
  ],
  () => [optim.SGD({ params, lr: 0.1 }), new optim.SGD(params, 0.1, 0.9, 0, 0, true, false, null)],
  () => [
    optim.Adam(params, { betas: [0.9, 0.99] }),
    optim.Adam(params, 1e-3, [0.9, 0.99], { amsgrad: true }),
  ],
  () => [
    optim.AdamW(params, 1e-3, { weightDecay: 0.1, fused: true }),
    optim.Adamax({ params }),
    optim.Adadelta(params),
  ],
  () => [
    optim.RMSprop(params, 0.1, 0.9, { centered: true }),
    optim.Adagrad([{ params: [net.weight], lr: 0.1 }], 0.2),
  ],
  () => either(true)(params, { lr: 0.1, foreach: false }),
  () => [
    optim.StepLR(sgd, 2),
    optim.StepLR(sgd, 2, { gamma: 0.5 }),
    optim.StepLR({ optimizer: sgd, stepSize: 2 }),
  ],
  () => [optim.LambdaLR(sgd, () => 1, { lastEpoch: -1 }), optim.MultiplicativeLR(sgd, [() => 1])],
  () => [
    optim.MultiStepLR(sgd, [1, 2], 0.1),
    optim.ConstantLR(sgd),
    optim.LinearLR(sgd, 0.5, { totalIters: 4 }),
  ],
  () => [
    optim.ExponentialLR(sgd, { gamma: 0.9 }),
    optim.PolynomialLR(sgd, 4, 2),
    optim.CosineAnnealingLR(sgd, 10, 0),
  ],
  () => [
    optim.CosineAnnealingWarmRestarts(sgd, 4, { tMult: 2 }),
    optim.CyclicLR(sgd, 0.1, [0.2], { mode: "exp_range" }),
  ],
  () => [optim.OneCycleLR(sgd, 1, { totalSteps: 100 }), optim.OneCycleLR(sgd, 1, null, 2, 50, 0.3, "linear")],
  () => [
    optim.ReduceLROnPlateau(sgd, "max", { factor: 0.5 }),
    optim.SequentialLR(sgd, [], { milestones: [] }),
  ],
  () => [optim.ChainedScheduler([]), optim.ChainedScheduler([], { optimizer: sgd })],
  () => [
    nn.init.uniform_(w),
    nn.init.uniform_(w, -1, { b: 2 }),
    nn.init.normal_(w, { std: 0.1 }),
    nn.init.zeros_(w),
  ],
  () => [
    nn.init.truncNormal_(w, 0, 1, { a: -1 }),
    nn.init.constant_({ tensor: w, val: 1 }),
    nn.init.dirac_(w, 2),
  ],
  () => [nn.init.xavierUniform_(w, 2), nn.init.kaimingNormal_(w, 0, "fan_out", { nonlinearity: "relu" })],
  () => [
    nn.init.orthogonal_(w, { gain: 2 }),
    nn.init.sparse_(w, 0.5, { std: 1 }),
    nn.init.eye_({ tensor: w }),
  ],
  () => [nn.utils.clipGradNorm_(params, 1), nn.utils.clipGradNorm_(params, { maxNorm: 1, normType: 1 })],
  () => [nn.utils.clipGradValue_(params, 1), nn.utils.clipGradValue_({ parameters: w, clipValue: 1 })],
];

export const refused: (() => unknown)[] = [
  // @ts-expect-error nothing to train
  () => optim.SGD(),
  // @ts-expect-error no such option
  () => optim.SGD(params, { learningRate: 0.1 }),
  // @ts-expect-error given twice
  () => optim.SGD(params, 0.1, { lr: 0.1 }),
  // @ts-expect-error two numbers
  () => optim.Adam(params, { betas: [0.9] }),
  // @ts-expect-error always decoupled
  () => optim.AdamW(params, { decoupledWeightDecay: false }),
  // @ts-expect-error the step size is missing
  () => optim.StepLR(sgd),
  // @ts-expect-error given twice
  () => optim.StepLR(sgd, 2, { stepSize: 2 }),
  // @ts-expect-error no such option
  () => optim.CosineAnnealingLR(sgd, 2, { minLr: 0 }),
  // @ts-expect-error no such word
  () => optim.ReduceLROnPlateau(sgd, "least"),
  // @ts-expect-error the milestones are missing
  () => optim.SequentialLR(sgd, []),
  // @ts-expect-error no such option
  () => nn.init.normal_(w, { sigma: 1 }),
  // @ts-expect-error given twice
  () => nn.init.uniform_(w, 0, { a: 0 }),
  // @ts-expect-error the value is missing
  () => nn.init.constant_(w),
  // @ts-expect-error the norm is missing
  () => nn.utils.clipGradNorm_(params, { normType: 1 }),
];
