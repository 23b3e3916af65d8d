/** Reading and writing elements at positions given by another tensor. */
import { IndexError } from "../../../base/errors.ts";
import { checkedIntegers, type IntegersOf } from "../../../base/integers.ts";
import { contiguousStrides, numel } from "../../../base/shape.ts";
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";

function checked(index: number, size: number, op: string): number {
  if (index >= 0 && index < size) return index;
  throw new IndexError(`${op}: index ${index} is out of range: expected 0 to ${size - 1}`);
}

/**
 * Calls `visit` for each element of `index`, with its position, that of the element of `whole` that it names,
 * and that of the element of `source` (as large as the index or larger) at the same place.
 */
function forEachNamed(
  op: string,
  dim: number,
  whole: ArrayArgument,
  index: ArrayArgument,
  source: ArrayArgument,
  visit: (named: number, source: number) => void,
): void {
  if (index.data.length === 0) return;
  const strides = contiguousStrides(whole.shape);
  const sourceStrides = contiguousStrides(source.shape);
  const own = contiguousStrides(index.shape);
  const count = numel(index.shape);
  for (let i = 0; i < count; i++) {
    let named = 0;
    let from = 0;
    for (let d = 0; d < index.shape.length; d++) {
      const at = Math.floor(i / own[d]) % index.shape[d];
      named += strides[d] * (d === dim ? checked(index.data[i], whole.shape[d], op) : at);
      from += sourceStrides[d] * at;
    }
    // A 0-dimensional tensor has one element.
    if (index.shape.length === 0) checked(index.data[i], 1, op);
    visit(named, from);
  }
}

const gather: ReferenceKernel = ({ inputs: [input, index], outputs: [output], attributes }) => {
  forEachNamed("gather", attributes.dim as number, input, index, output, (named, at) => {
    output.data[at] = input.data[named];
  });
};

const scatter: ReferenceKernel = ({ inputs: [input, index, src], outputs: [output], attributes }) => {
  output.data.set(input.data);
  forEachNamed("scatter", attributes.dim as number, input, index, src, (named, at) => {
    output.data[named] = src.data[at];
  });
};

/** Of bools, the sum is whether any is true. */
function setTotals(output: ArrayArgument, totals: Float64Array): void {
  if (output.dtype === "bool")
    for (let i = 0; i < totals.length; i++) output.data[i] = totals[i] === 0 ? 0 : 1;
  else output.data.set(totals);
}

const scatterAdd: ReferenceKernel = ({ inputs: [input, index, src], outputs: [output], attributes }) => {
  const totals = Float64Array.from(input.data);
  forEachNamed("scatterAdd", attributes.dim as number, input, index, src, (named, at) => {
    totals[named] += src.data[at];
  });
  setTotals(output, totals);
};

const scatterMultiply: ReferenceKernel = ({ inputs: [input, index, src], outputs: [output], attributes }) => {
  const products = Float64Array.from(input.data);
  forEachNamed("scatter", attributes.dim as number, input, index, src, (named, at) => {
    products[named] *= src.data[at];
  });
  output.data.set(products);
};

/** What two elements that go to one position become, and the number that changes nothing. NaN wins. */
const REDUCTIONS: Readonly<Record<string, readonly [number, (a: number, b: number) => number]>> = {
  prod: [1, (a, b) => a * b],
  amax: [Number.NEGATIVE_INFINITY, Math.max],
  amin: [Number.POSITIVE_INFINITY, Math.min],
};

const scatterReduce: ReferenceKernel = ({ inputs: [input, index, src], outputs: [output], attributes }) => {
  const [neutral, together] = REDUCTIONS[attributes.reduce as string];
  const dim = attributes.dim as number;
  const reduced = Float64Array.from(input.data);
  if (!attributes.includeSelf) {
    forEachNamed("scatterReduce", dim, input, index, src, (named) => {
      reduced[named] = neutral;
    });
  }
  forEachNamed("scatterReduce", dim, input, index, src, (named, at) => {
    reduced[named] = together(reduced[named], src.data[at]);
  });
  output.data.set(reduced);
};

/** Calls `visit` with pairs of rows: `start` in the large tensor and in the list, of `width` elements. */
function forEachRow(
  op: string,
  dim: number,
  whole: ArrayArgument,
  index: ArrayArgument,
  visit: (whole: number, listed: number, width: number) => void,
): void {
  const size = whole.shape.length === 0 ? 1 : whole.shape[dim];
  const width = numel(whole.shape.slice(dim + 1));
  const outer = numel(whole.shape.slice(0, dim));
  const count = index.data.length;
  for (let i = 0; i < count; i++) {
    const at = checked(index.data[i], size, op);
    for (let o = 0; o < outer; o++) visit((o * size + at) * width, (o * count + i) * width, width);
  }
}

const indexSelect: ReferenceKernel = ({ inputs: [input, index], outputs: [output], attributes }) => {
  forEachRow("indexSelect", attributes.dim as number, input, index, (from, to, width) => {
    output.data.set(input.data.subarray(from, from + width), to);
  });
};

const indexAdd: ReferenceKernel = ({ inputs: [input, index, source], outputs: [output], attributes }) => {
  const totals = Float64Array.from(input.data);
  forEachRow("indexAdd", attributes.dim as number, input, index, (to, from, width) => {
    for (let i = 0; i < width; i++) totals[to + i] += source.data[from + i];
  });
  setTotals(output, totals);
};

const wrapIndex: ReferenceKernel = ({ inputs: [index], outputs: [output], attributes }) => {
  const size = attributes.size as number;
  index.data.forEach((at, i) => {
    if (at < -size || at >= size) {
      throw new IndexError(
        `index ${at} is out of range: expected ${-size} to ${size - 1} for a dimension of size ${size}`,
      );
    }
    output.data[i] = at < 0 ? at + size : at;
  });
};

const toIndex: ReferenceKernel = ({ inputs: [numbers], outputs: [output], attributes }) => {
  output.data.set(checkedIntegers(numbers.data, attributes as unknown as IntegersOf, numbers));
};

const oneHot: ReferenceKernel = ({ inputs: [index], outputs: [output], attributes }) => {
  const classes = attributes.numClasses as number;
  output.data.fill(0);
  index.data.forEach((at, i) => {
    if (at < 0 || at >= classes) {
      throw new IndexError(`oneHot: class ${at} is out of range: expected 0 to ${classes - 1}`);
    }
    output.data[i * classes + at] = 1;
  });
};

export const INDEXING_KERNELS = {
  gather,
  scatter,
  scatterAdd,
  scatterMultiply,
  scatterReduce,
  indexSelect,
  indexAdd,
  wrapIndex,
  toIndex,
  oneHot,
} satisfies Record<string, ReferenceKernel>;
