/**
 * The forms of calls of the package's functions and of Tensor's methods: compiled with everything else, never run. A
 * line behind `@ts-expect-error` must not compile; every other line must.
 */
import * as c from "../../src/index.ts";

const x: c.Tensor = c.zeros(2, 3);
const flag: boolean = x.requiresGrad;

/** By position, by position with the rest by name, all by name, and as a method. */
export const tensors: (() => c.Tensor)[] = [
  () => c.mm(x, x),
  () => c.mm({ input: x, mat2: x }),
  () => x.mm({ mat2: x }),
  () => c.bmm(x, { mat2: x }),
  () => x.mv(x),
  () => c.dot(x, { tensor: x }),
  () => x.outer({ vec2: x }),
  () => c.addmm(x, x, x, { alpha: 2 }),
  () => x.addmm(x, { mat2: x, beta: 0 }),
  () => c.addmv({ input: x, mat: x, vec: x }),
  () => c.baddbmm(x, x, x, 1, 2),
  () => c.addbmm(x, { batch1: x, batch2: x }),
  () => x.addr_(x, x, { beta: 2 }),
  () => c.to(x, "int32"),
  () => x.to("int32", { copy: true }),
  () => x.to(x, true, true),
  () => x.to({ other: x }),
  () => x.to("cpu", "int32"),
  () => x.to({ device: "cpu", dtype: "float64" }),
  () => x.to({ copy: true }),
  () => c.float(x),
  () => c.float({ input: x }),
  () => x.double(),
  () => x.clone(),
  () => c.clone({ input: x }),
  () => c.indexReduce(x, 0, [1], x, "prod", { includeSelf: false }),
  () => x.indexReduce({ dim: 0, index: [1], source: x, reduce: "amax" }),
  () => c.positive({ input: x }),
  () => c.max(x),
  () => c.max(x, x),
  () => x.max({ other: x }),
  () => x.max(1)[0],
  () => x.max(1, true).indices,
  () => x.min({ dim: 1, keepdim: true }).values,
  () => c.min({ input: x, dim: 1 }).values,
  () => c.sort(x, { descending: true }).values,
  () => x.sort(0, true, { stable: true })[1],
  () => x.sort(0, true, true).values,
  () => x.topk(2, 1, true, false).values,
  () => c.topk(x, 2, 1, true, { sorted: true })[0],
  () => c.isin(x, x, { assumeUnique: true }),
  () => x.argsort({ dim: 0 }),
  () => x.aminmax().min,
  () => c.aminmax({ input: x, dim: 1 }).max,
  () => x.msort(),
  () => x.var({ unbiased: false }),
  () => x.std(1, { correction: 0 }),
  () => c.std(x, false),
  () => c.varMean(x, { dim: 1, keepdim: true })[1],
  () => c.stdMean({ input: x })[0],
  () => c.cov(x, { correction: 0 }),
  () => x.cov({ fweights: x }),
  () => x.corrcoef(),
  () => x.median(),
  () => x.median(1).values,
  () => x.nanmedian({ dim: 1, keepdim: true })[0],
  () => c.quantile(x, 0.5, { interpolation: "nearest" }),
  () => x.nanquantile({ q: x, dim: 0 }),
  () => c.searchsorted(x, 1, { side: "right" }),
  () => c.searchsorted({ sortedSequence: x, input: x, right: true }),
  () => c.cartesianProd(x, x),
  () => c.cartesianProd([x, x]),
  () => c.trilIndices(2, 2, { offset: 1 }),
  () => c.triuIndices({ row: 2, col: 2, dtype: "int32" }),
  () => c.broadcastTensors(x, x)[0],
  () => c.broadcastTensors({ tensors: [x, x] })[0],
  () => x.fliplr(),
  () => c.flipud({ input: x }),
  () => c.hsplit(x, 2)[0],
  () => x.vsplit({ indices: [1] })[0],
  () => x.dsplit({ sections: 2 })[0],
  () => c.blockDiag(x, x),
  () => c.blockDiag([x, x]),
  () => x.trace(),
  () => x.ravel(),
  () => x.t(),
  () => c.atleast1d(x),
  () => c.atleast2d(x, x)[0],
  () => c.atleast3d([x, x])[0],
  () => c.arange(5),
  () => c.arange(5n, { dtype: "float32" }),
  () => c.arange(1, 5, 2, { requiresGrad: false }),
  () => c.arange({ end: 5, step: 2 }),
  () => c.arange(1, { end: 5 }),
  () => x.unfold(0, 2, 1),
  () => x.unfold({ dimension: 0, size: 2, step: 1 }),
  () => x.unfold(0, { size: 2, step: 1 }),
  () => x.sumToSize(1, 3),
  () => x.sumToSize([1, 3]),
  () => x.newTensor([1, 2], { dtype: "int32" }),
  () => x.newFull([2], 7),
  () => x.newFull({ size: 2, fillValue: 7n, dtype: "int64" }),
  () => x.newZeros(2, 3),
  () => x.newOnes([2, 3], { requiresGrad: true }),
  () => x.newEmpty({ size: [2], dtype: "bool" }),
  () => x.prelu({ weight: x }),
  () => x.hardshrink({ lambd: 1 }),
];

export const promises: (() => Promise<c.Tensor>)[] = [
  () => x.nonzero(),
  () => c.nonzero(x, { asTuple: false }),
  () => x.nonzero({ asTuple: true }).then(([rows]) => rows),
  () => c.nonzero(x, true).then(([rows]) => rows),
  () => c.nonzero({ input: x, asTuple: flag }).then((found) => [found].flat()[0]),
  () => x.argwhere(),
  () => x.unique(),
  () => c.unique(x, { returnCounts: true }).then((found) => [found].flat()[0]),
  () => x.unique(true, { dim: 0 }).then((found) => [found].flat()[0]),
  () => c.uniqueConsecutive({ input: x }).then((found) => [found].flat()[0]),
];

export const others: (() => unknown)[] = [
  () => x.backward(),
  () => x.backward(x, { retainGraph: true }),
  () => c.isFloatingPoint({ input: x }) && x.isFloatingPoint(),
];

export const refused: (() => unknown)[] = [
  // Wrong options:
  // @ts-expect-error
  () => c.mm(x, { mat1: x }),
  // @ts-expect-error
  () => x.sort({ decending: true }),
  // @ts-expect-error
  () => x.var({ ddof: 1 }),
  // @ts-expect-error
  () => c.arange(5, { type: "float32" }),
  // @ts-expect-error
  () => x.backward({ keepGraph: true }),
  // Wrong values:
  // @ts-expect-error
  () => x.to("float"),
  // @ts-expect-error
  () => x.median("1"),
  // @ts-expect-error
  () => c.quantile(x, 0.5, { interpolation: "cubic" }),
  // @ts-expect-error
  () => x.indexReduce(0, [1], x, "sum"),
  // @ts-expect-error
  () => c.trilIndices("2", 2),
  // Given twice:
  // @ts-expect-error
  () => x.addmm(x, x, { mat2: x }),
  // @ts-expect-error
  () => x.max(1, { dim: 1 }),
  // @ts-expect-error
  () => x.unfold(0, 2, { size: 2, step: 1 }),
  // Missing:
  // @ts-expect-error
  () => c.bmm(x),
  // @ts-expect-error
  () => x.addmv({ mat: x }),
  // @ts-expect-error
  () => c.searchsorted(x, { right: true }),
  // @ts-expect-error
  () => x.newFull({ size: 2 }),
  // @ts-expect-error
  () => c.arange({ start: 1 }),
  // @ts-expect-error
  () => x.quantile({ dim: 1 }),
  // The result depends on the arguments:
  // @ts-expect-error
  () => x.max().indices,
  // @ts-expect-error
  () => x.median().values,
  // @ts-expect-error
  () => x.nonzero({ asTuple: true }).then((found) => found.shape),
];
