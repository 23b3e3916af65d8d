/** Tensors as text. */
import { type DType, isFloating, numbersOf, type TypedArray } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";

const EDGE = 3;
const SUMMARISE_OVER = 1000;

/**
 * PyTorch's printed form: `tensor([[1.0000, 2.0000]])`, long tensors abridged.
 *
 * @param facts - what stands behind the elements in place of what PyTorch says there (size and dtype, if unusual).
 * @param note - what stands at the end.
 */
export function formatTensor(
  elements: TypedArray,
  shape: Shape,
  dtype: DType,
  facts?: string,
  note = "",
): string {
  const floating = isFloating(dtype);
  const data = numbersOf(dtype, elements);
  const cells = Array.from(shownIndices(shape), (i) => data[i]);
  const format = elementFormat(cells, dtype);
  // As PyTorch has it, zeros and what is not finite are aligned with the other numbers, however long they are.
  const measured = floating ? cells.filter((x) => Number.isFinite(x) && x !== 0) : cells;
  const width = measured.reduce((most, x) => Math.max(most, format(x).length), 0);
  let at = 0;
  const build = (level: number, indent: number): string => {
    if (level === shape.length) return format(data[at++]).padStart(width);
    const size = shape[level];
    const inner = shape.slice(level + 1).reduce((a, b) => a * b, 1);
    const abridged = abridges(shape) && size > 2 * EDGE;
    const parts: string[] = [];
    for (let i = 0; i < size; i++) {
      if (abridged && i === EDGE) {
        parts.push("...");
        at += (size - 2 * EDGE) * inner;
        i = size - EDGE;
      }
      parts.push(build(level + 1, indent + 1));
    }
    const last = level === shape.length - 1;
    const separator = last ? ", " : `,${"\n".repeat(shape.length - level - 1)}${" ".repeat(indent + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  const empty = data.length === 0;
  const size = empty && shape.length !== 1 ? `, size=(${shape.join(", ")})` : "";
  const usual = dtype === "float32" || (!empty && (dtype === "int64" || dtype === "bool"));
  const suffix = facts === undefined ? `${size}${usual ? "" : `, dtype=${dtype}`}` : `, ${facts}`;
  return `tensor(${build(0, 7)}${suffix}${note === "" ? "" : `, ${note}`})`;
}

function abridges(shape: Shape): boolean {
  return shape.reduce((a, b) => a * b, 1) > SUMMARISE_OVER;
}

function* shownIndices(shape: Shape, level = 0, base = 0): Generator<number> {
  if (level === shape.length) {
    yield base;
    return;
  }
  const inner = shape.slice(level + 1).reduce((a, b) => a * b, 1);
  for (let i = 0; i < shape[level]; i++) {
    if (abridges(shape) && shape[level] > 2 * EDGE && i === EDGE) i = shape[level] - EDGE;
    yield* shownIndices(shape, level + 1, base + i * inner);
  }
}

function elementFormat(values: readonly number[], dtype: DType): (x: number) => string {
  if (dtype === "bool") return (x) => (x !== 0 ? "True" : "False");
  if (!isFloating(dtype)) return String;
  const finite = values.filter(Number.isFinite).map(Math.abs);
  const nonzero = finite.filter((x) => x > 0);
  const largest = nonzero.reduce((most, x) => Math.max(most, x), 0);
  const smallest = nonzero.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY);
  // JavaScript writes -0 without its sign.
  const sign = (x: number) => (Object.is(x, -0) ? "-" : "");
  const name = (x: number) => (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");
  if (nonzero.length > 0 && (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4)) {
    const text = (x: number) => sign(x) + x.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
    return (x) => (Number.isFinite(x) ? text(x) : name(x));
  }
  if (finite.every(Number.isInteger)) return (x) => (Number.isFinite(x) ? `${sign(x)}${x}.` : name(x));
  return (x) => (Number.isFinite(x) ? sign(x) + x.toFixed(4) : name(x));
}
