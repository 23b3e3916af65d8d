/**
 * What the types of calls allow and refuse: compiled with everything else, never run. A line behind
 * `@ts-expect-error` must not compile; every other line must.
 */
import { nn, sum, type Tensor, zeros } from "../../src/index.ts";

const x: Tensor = zeros(2, 3);
const { conv2d } = nn.functional;

export const allowed: (() => unknown)[] = [
  // Any leading part by position, the rest by name.
  () => sum(x),
  () => sum(x, 1),
  () => sum(x, 1, true),
  () => sum(x, 1, true, "float64"),
  () => sum(x, { dim: 1, keepdim: true }),
  () => sum(x, 1, { keepdim: true }),
  () => sum(x, 1, true, { dtype: "float64" }),
  () => sum({ input: x, dim: [0, 1] }),
  () => x.sum(),
  () => x.sum(1, { keepdim: true }),
  () => x.sum({ dim: 1, dtype: null }),
  () => conv2d(x, x, null, 1, "same"),
  () => conv2d(x, { weight: x, stride: 2 }),
  () => conv2d(x, x, x, { padding: [1, 2] }),
  () => nn.Conv2d(1, 96, 11, 4, 1),
  () => nn.Conv2d(1, 96, 11, 4, 1, { bias: false }),
  () => nn.Conv2d(1, 96, { kernelSize: 11, stride: 4 }),
  () => nn.Conv2d({ inChannels: 1, outChannels: 96, kernelSize: 11 }),
  () => new nn.Conv2d(1, 96, 11),
  () => nn.LazyConv2d(96, 11, { padding: 1 }),
  // Options that a function of one's own passes on, and may not have got.
  (options?: { dim?: number; keepdim?: boolean }) => x.sum(options),
  (options?: { stride?: number }) => nn.Conv2d(1, 96, 11, options),
];

export const refused: (() => unknown)[] = [
  // @ts-expect-error no such option: "did you mean to write 'keepdim'?"
  () => sum(x, { keepdims: true }),
  // @ts-expect-error given twice
  () => sum(x, 1, { dim: 1 }),
  // @ts-expect-error options come last
  () => sum(x, { dim: 1 }, true),
  // @ts-expect-error a number for a boolean
  () => sum(x, 1, 1),
  // @ts-expect-error nothing to sum
  () => sum(),
  // @ts-expect-error the method has its input
  () => x.sum({ input: x }),
  // @ts-expect-error the weight is missing
  () => conv2d(x, { stride: 2 }),
  // @ts-expect-error one too many
  () => conv2d(x, x, null, 1, 1, 1, 1, 1),
  // @ts-expect-error no such padding
  () => conv2d(x, x, { padding: "full" }),
  // @ts-expect-error no such option
  () => nn.Conv2d(1, 96, { kernelSize: 11, strides: 4 }),
  // @ts-expect-error the kernel's size is missing
  () => nn.Conv2d(1, 96, { stride: 4 }),
  // @ts-expect-error a lazy layer learns its channels
  () => nn.LazyConv2d({ inChannels: 1, outChannels: 96, kernelSize: 11 }),
];
