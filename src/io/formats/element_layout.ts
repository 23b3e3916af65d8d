/** Elements of an array in the order of its shape, from memory in which they lie in another. */

/** Where the elements of an array lie: counted in elements. */
export interface ElementLayout {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Sizes of elements that can be collected. */
type ElementBytes = 1 | 2 | 4 | 8;

/** How many elements an array of this shape has. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The strides of an array without gaps: the last dimension (or `first`, Fortran's order) is the dense one. */
export function denseStrides(shape: readonly number[], dense: "last" | "first" = "last"): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = 0; i < shape.length; i++) {
    const dimension = dense === "first" ? i : shape.length - 1 - i;
    strides[dimension] = stride;
    stride *= Math.max(1, shape[dimension]);
  }
  return strides;
}

/** The index behind the last element that the array reaches; 0 if it has none. */
export function endOfLayout({ offset, shape, strides }: ElementLayout): number {
  if (shape.includes(0)) return 0;
  return offset + 1 + shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], 0);
}

/** Whether the elements lie one after the other, in the order of the shape. */
export function isDense({ shape, strides }: ElementLayout): boolean {
  const dense = denseStrides(shape);
  return shape.includes(0) || shape.every((size, i) => size === 1 || strides[i] === dense[i]);
}

/**
 * The elements of an array in row-major order, in a buffer of their own.
 *
 * @param bytes - the memory, aligned to the elements; the layout must lie within.
 */
export function collectElements(
  bytes: Uint8Array<ArrayBuffer>,
  elementBytes: number,
  layout: ElementLayout,
): Uint8Array<ArrayBuffer> {
  const count = elementsOf(layout.shape);
  if (isDense(layout)) {
    const start = count === 0 ? 0 : layout.offset * elementBytes;
    const whole = start === 0 && bytes.byteOffset === 0 && count * elementBytes === bytes.buffer.byteLength;
    return whole ? bytes : bytes.slice(start, start + count * elementBytes);
  }
  const out = new Uint8Array(count * elementBytes);
  copyStrided(wordsOf(bytes, elementBytes), wordsOf(out, elementBytes), layout);
  return out;
}

type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Bits, so that no NaN changes on the way. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array, elementBytes: number): Words {
  const count = Math.floor(length / elementBytes);
  switch (elementBytes as ElementBytes) {
    case 1:
      return new Uint8Array(buffer, byteOffset, count);
    case 2:
      return new Uint16Array(buffer, byteOffset, count);
    case 4:
      return new Uint32Array(buffer, byteOffset, count);
    case 8:
      return new BigUint64Array(buffer, byteOffset, count);
  }
}

function copyStrided(from: Words, to: Words, { offset, shape, strides }: ElementLayout): void {
  const last = shape.length - 1;
  const [length, step] = [shape[last], strides[last]];
  const index = new Array<number>(last).fill(0);
  let start = offset;
  for (let at = 0; at < to.length; ) {
    for (let i = 0, j = start; i < length; i++, j += step) to[at++] = from[j];
    for (let d = last - 1; d >= 0; d--) {
      start += strides[d];
      if (++index[d] < shape[d]) break;
      start -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
}

/** Turns the bytes of each element around, in place: big-endian becomes little-endian. */
export function swapElementBytes(bytes: Uint8Array, elementBytes: number): void {
  if (elementBytes === 1) return;
  for (let start = 0; start + elementBytes <= bytes.length; start += elementBytes)
    bytes.subarray(start, start + elementBytes).reverse();
}
