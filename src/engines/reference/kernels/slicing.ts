/** Cutting tensors into pieces and putting them together. */
import { contiguousStrides, numel, type Shape } from "../../../base/shape.ts";
import type { KernelCall, ReferenceKernel } from "../kernel.ts";

/** Calls `visit` with the position of each taken element in the whole and in the piece. */
function forEachTaken(whole: Shape, piece: Shape, { attributes }: KernelCall, visit: (whole: number, piece: number) => void): void {
  const starts = attributes.starts as readonly number[];
  const steps = attributes.steps as readonly number[];
  const strides = contiguousStrides(whole);
  const count = numel(piece);
  const index = new Array<number>(piece.length).fill(0);
  let at = 0;
  for (let d = 0; d < piece.length; d++) at += starts[d] * strides[d];
  for (let i = 0; i < count; i++) {
    visit(at, i);
    for (let d = piece.length - 1; d >= 0; d--) {
      index[d]++;
      at += steps[d] * strides[d];
      if (index[d] < piece[d]) break;
      at -= steps[d] * strides[d] * piece[d];
      index[d] = 0;
    }
  }
}

const slice: ReferenceKernel = (call) => {
  const [input] = call.inputs;
  const [output] = call.outputs;
  forEachTaken(input.shape, output.shape, call, (whole, piece) => {
    output.data[piece] = input.data[whole];
  });
};

const unslice: ReferenceKernel = (call) => {
  const [input] = call.inputs;
  const [output] = call.outputs;
  output.data.fill(0);
  forEachTaken(output.shape, input.shape, call, (whole, piece) => {
    output.data[whole] = input.data[piece];
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

export const SLICING_KERNELS: Record<string, ReferenceKernel> = { slice, unslice, cat };
