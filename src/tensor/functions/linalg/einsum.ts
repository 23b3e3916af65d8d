/** Sums of products, written with letters for dimensions: Einstein's notation. */
import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape, numel } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { cast } from "../../../ops/elementwise/elementwise.ts";
import { matmul } from "../../../ops/matmul.ts";
import { sum } from "../../../ops/reduction/reduction.ts";
import { expand, permute, reshape } from "../../../ops/shape/shape_ops.ts";
import { sliceDim } from "../../../ops/shape/slicing.ts";
import { productOperands } from "../../autocast.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

export interface EinsumParameters {
  /** Einstein's notation, such as `"ij,jk->ik"`. */
  equation: string;
  /** One tensor for each part of the left side. */
  operands?: readonly Tensor[];
}

/** A value whose dimensions have names. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/**
 * The product of the operands, summed over every letter that the result does not name.
 *
 * @example
 * ```ts
 * einsum("bij,bjk->bik", randn(2, 3, 4), randn(2, 4, 5)).shape; // [2, 3, 5]
 * ```
 */
export const einsum = defineCall<EinsumParameters>("einsum")(
  ["equation", "*operands"],
  (equation, operands = []) => {
    const values = (operands as unknown[]).map((one) => valueOf(one, "operands", "einsum"));
    const { inputs, output } = parse(String(equation), values);
    let parts = values.map((value, i) => withoutRepeats(value, inputs[i]));
    checkSizes(parts);
    while (parts.length > 1) {
      const [a, b, ...rest] = parts;
      const needed = new Set([...output, ...rest.flatMap((p) => p.labels)]);
      parts = [contract(a, b, needed), ...rest];
    }
    const [left] = parts;
    // What is summed without a product is widened as `sum` does it.
    const widens = values.length === 1 && !isFloating(left.value.dtype) && left.labels.length > output.length;
    const summed = keepOnly(widens ? { ...left, value: cast(left.value, "int64") } : left, new Set(output));
    return new Tensor(
      permute(
        summed.value,
        output.map((label) => summed.labels.indexOf(label)),
      ),
    );
  },
);

function parse(equation: string, values: readonly Value[]): { inputs: string[][]; output: string[] } {
  const [left, right, more] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (more !== undefined || terms.length !== values.length) {
    throw new ArgumentError(`einsum: "${equation}" names ${terms.length} operands, got ${values.length}`);
  }
  const ellipsisRank = Math.max(
    0,
    ...terms.map((term, i) =>
      term.includes("...") ? values[i].shape.length - term.replace("...", "").length : 0,
    ),
  );
  const dots = (rank: number) => Array.from({ length: rank }, (_, i) => `.${ellipsisRank - rank + i}`);
  const letters = (term: string, rank: number): string[] => {
    if (!/^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(term))
      throw new ArgumentError(`einsum: expected letters and "...", got "${term}" in "${equation}"`);
    const [before, after] = term.split("...");
    if (after === undefined) return [...before];
    return [...before, ...dots(rank - before.length - after.length), ...after];
  };
  const inputs = terms.map((term, i) => {
    const labels = letters(term, values[i].shape.length);
    if (labels.length !== values[i].shape.length) {
      throw new ShapeError(
        `einsum: "${term}" names ${labels.length} dimensions, operand ${i} has shape ${formatShape(values[i].shape)}`,
      );
    }
    return labels;
  });
  return { inputs, output: outputLabels(equation, right, inputs, ellipsisRank, letters) };
}

function outputLabels(
  equation: string,
  right: string | undefined,
  inputs: readonly string[][],
  ellipsisRank: number,
  letters: (term: string, rank: number) => string[],
): string[] {
  const all = inputs.flat();
  if (right === undefined) {
    const once = all.filter(
      (label) => !label.startsWith(".") && all.indexOf(label) === all.lastIndexOf(label),
    );
    return [...Array.from({ length: ellipsisRank }, (_, i) => `.${i}`), ...once.sort()];
  }
  const output = letters(right, right.replace("...", "").length + (right.includes("...") ? ellipsisRank : 0));
  for (const label of output) {
    if (!all.includes(label))
      throw new ArgumentError(`einsum: the result names "${label}", which no operand has, in "${equation}"`);
  }
  if (new Set(output).size !== output.length)
    throw new ArgumentError(`einsum: the result names a letter twice in "${equation}"`);
  return output;
}

/** Takes the diagonal when one operand names a letter twice. */
function withoutRepeats(value: Value, labels: readonly string[]): Labelled {
  const repeated = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (repeated < 0) return { value, labels };
  const first = labels.indexOf(labels[repeated]);
  const size = value.shape[first];
  if (value.shape[repeated] !== size) {
    throw new ShapeError(`einsum: "${labels[first]}" stands for sizes ${size} and ${value.shape[repeated]}`);
  }
  const rest = labels.map((_, d) => d).filter((d) => d !== first && d !== repeated);
  const outer = rest.map((d) => value.shape[d]);
  const flat = reshape(permute(value, [...rest, first, repeated]), [...outer, size * size]);
  const diagonal = sliceDim(flat, outer.length, 0, size, size + 1);
  return withoutRepeats(diagonal, [...rest.map((d) => labels[d]), labels[first]]);
}

function checkSizes(parts: readonly Labelled[]): void {
  const sizes = new Map<string, number>();
  for (const { value, labels } of parts) {
    labels.forEach((label, d) => {
      const seen = sizes.get(label) ?? 1;
      const size = value.shape[d];
      if (seen !== size && seen !== 1 && size !== 1)
        throw new ShapeError(`einsum: "${label}" stands for sizes ${seen} and ${size}`);
      sizes.set(label, Math.max(seen, size));
    });
  }
}

/** Sums over the labels that are not needed. */
function keepOnly({ value, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const dims = labels.map((_, d) => d).filter((d) => !needed.has(labels[d]));
  if (dims.length === 0) return { value, labels };
  return { value: sum(value, dims), labels: labels.filter((label) => needed.has(label)) };
}

/** Two operands as one batched matmul over the labels that both have and that are not needed any more. */
function contract(first: Labelled, second: Labelled, needed: ReadonlySet<string>): Labelled {
  const a = keepOnly(first, new Set([...needed, ...second.labels]));
  const b = keepOnly(second, new Set([...needed, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const left = a.labels.filter((label) => !shared.includes(label));
  const right = b.labels.filter((label) => !shared.includes(label));
  const size = (label: string) => Math.max(sizeIn(a, label), sizeIn(b, label));
  const sizes = (labels: readonly string[]) => labels.map(size);
  const arranged = (part: Labelled, groups: readonly (readonly string[])[]) => {
    const order = groups.flat();
    const turned = permute(
      part.value,
      order.map((label) => part.labels.indexOf(label)),
    );
    return reshape(
      expand(turned, sizes(order)),
      groups.map((group) => numel(sizes(group))),
    );
  };
  const factors = [arranged(a, [batch, left, inner]), arranged(b, [batch, inner, right])];
  const [rows, columns] = productOperands(factors);
  const product = matmul(rows, columns);
  const labels = [...batch, ...left, ...right];
  return { value: reshape(product, sizes(labels)), labels };
}

function sizeIn({ value, labels }: Labelled, label: string): number {
  const at = labels.indexOf(label);
  return at < 0 ? 1 : value.shape[at];
}
