/** Ops that make or move elements without computing. */
import { contiguousStrides, numel } from "../../../base/shape.ts";
import type { ReferenceKernel } from "../kernel.ts";
import { forEachBroadcast, storeAs } from "./broadcasting.ts";

const full: ReferenceKernel = ({ outputs: [output], attributes }) => {
  output.data.fill(storeAs(output.dtype)(attributes.value as number));
};

export const arange: ReferenceKernel = ({ outputs: [output], attributes }) => {
  const store = storeAs(output.dtype);
  const start = attributes.start as number;
  const step = attributes.step as number;
  for (let i = 0; i < output.data.length; i++) output.data[i] = store(start + i * step);
};

const copy: ReferenceKernel = ({ inputs: [input], outputs: [output] }) => {
  output.data.set(input.data);
};

const permute: ReferenceKernel = ({ inputs: [input], outputs: [output], attributes }) => {
  const dims = attributes.dims as number[];
  const from = contiguousStrides(input.shape);
  const to = contiguousStrides(output.shape);
  const count = numel(output.shape);
  for (let out = 0; out < count; out++) {
    let at = 0;
    for (let d = 0; d < dims.length; d++) at += (Math.floor(out / to[d]) % output.shape[d]) * from[dims[d]];
    output.data[out] = input.data[at];
  }
};

const expand: ReferenceKernel = ({ inputs: [input], outputs: [output] }) => {
  forEachBroadcast(output.shape, [input.shape], (out, [at]) => {
    output.data[out] = input.data[at];
  });
};

export const SHAPE_KERNELS = {
  full,
  arange,
  reshape: copy,
  permute,
  expand,
} satisfies Record<string, ReferenceKernel>;
