/** Cutting tensors into pieces and putting them together. */
import { contiguousStrides, numel, type Shape } from "../../../base/shape.ts";
import type { KernelCall, ReferenceKernel } from "../kernel.ts";

/** Calls `visit` with the positions, in the whole and in the piece, of each run of neighbours, and its length. */
function forEachRun(
  whole: Shape,
  piece: Shape,
  { attributes }: KernelCall,
  visit: (whole: number, piece: number, length: number) => void,
): void {
  const starts = attributes.starts as readonly number[];
  const steps = attributes.steps as readonly number[];
  const strides = contiguousStrides(whole);
  const { run, rank } = runOf(whole, piece, steps);
  const count = numel(piece) / run;
  const index = new Array<number>(rank).fill(0);
  let at = 0;
  for (let d = 0; d < piece.length; d++) at += starts[d] * strides[d];
  for (let i = 0; i < count; i++) {
    visit(at, i * run, run);
    for (let d = rank - 1; d >= 0; d--) {
      index[d]++;
      at += steps[d] * strides[d];
      if (index[d] < piece[d]) break;
      at -= steps[d] * strides[d] * piece[d];
      index[d] = 0;
    }
  }
}

/** How many elements lie next to each other in both, and the number of dimensions in front of them. */
function runOf(whole: Shape, piece: Shape, steps: readonly number[]): { run: number; rank: number } {
  let run = 1;
  for (let d = piece.length - 1; d >= 0; d--) {
    if (steps[d] !== 1 || piece[d] === 0) return { run, rank: d + 1 };
    run *= piece[d];
    if (piece[d] !== whole[d]) return { run, rank: d };
  }
  return { run, rank: 0 };
}

const slice: ReferenceKernel = (call) => {
  const [{ data: from, shape }] = call.inputs;
  const [{ data: to, shape: piece }] = call.outputs;
  forEachRun(shape, piece, call, (at, i, length) => {
    if (length === 1) to[i] = from[at];
    else to.set(from.subarray(at, at + length), i);
  });
};

const unslice: ReferenceKernel = (call) => {
  const [{ data: from, shape: piece }] = call.inputs;
  const [{ data: to, shape }] = call.outputs;
  to.fill(0);
  forEachRun(shape, piece, call, (at, i, length) => {
    if (length === 1) to[at] = from[i];
    else to.set(from.subarray(i, i + length), at);
  });
};

const cat: ReferenceKernel = ({ inputs, outputs: [output], attributes }) => {
  const dim = attributes.dim as number;
  const rows = numel(output.shape.slice(0, dim));
  const width = numel(output.shape.slice(dim));
  let start = 0;
  for (const input of inputs) {
    const part = numel(input.shape.slice(dim));
    for (let row = 0; row < rows; row++) {
      output.data.set(input.data.subarray(row * part, (row + 1) * part), row * width + start);
    }
    start += part;
  }
};

export const SLICING_KERNELS = { slice, unslice, cat } satisfies Record<string, ReferenceKernel>;
