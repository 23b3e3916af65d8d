/** Class labels: the check of their range, and the rows of a table that they stand for. */
import { checkedLabels, type LabelRule } from "../../../base/class_labels.ts";
import { IndexError } from "../../../base/errors.ts";
import type { ReferenceKernel } from "../kernel.ts";

const classLabels: ReferenceKernel = ({ inputs: [labels], outputs: [out], attributes }) => {
  out.data.set(checkedLabels(labels.data, attributes as unknown as LabelRule));
};

function checkedRow(index: number, position: number, rows: number): number {
  if (index >= 0 && index < rows) return index;
  throw new IndexError(
    `embedding: index ${index} at position ${position} is out of range: expected 0 to ${rows - 1} (${rows} rows)`,
  );
}

const embedding: ReferenceKernel = ({ inputs: [indices, weight], outputs: [out] }) => {
  const [rows, width] = weight.shape;
  for (let i = 0; i < indices.data.length; i++) {
    const row = checkedRow(indices.data[i], i, rows);
    for (let j = 0; j < width; j++) out.data[i * width + j] = weight.data[row * width + j];
  }
};

const embeddingGradient: ReferenceKernel = ({ inputs: [indices, dy], outputs: [out] }) => {
  const [rows, width] = out.shape;
  const totals = new Float64Array(out.data.length);
  for (let i = 0; i < indices.data.length; i++) {
    const row = checkedRow(indices.data[i], i, rows);
    for (let j = 0; j < width; j++) totals[row * width + j] += dy.data[i * width + j];
  }
  out.data.set(totals);
};

export const LABEL_KERNELS = { classLabels, embedding, embeddingGradient } satisfies Record<
  string,
  ReferenceKernel
>;
