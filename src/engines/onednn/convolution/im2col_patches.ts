/**
 * Images as a matrix of windows: a row for each pixel of a convolution's result, and in it the values under its
 * window, [kh, kw, C]. With it the gradient by the weight is one GEMM (Chellapilla, Puri and Simard, "High
 * performance convolutional neural networks for document processing", 2006).
 *
 * The library's own copies do it, a column of the window at a time, on a few images that fit the cache:
 *
 * - as many neighbouring columns together as the window moves on, since their values lie together and no two copies
 *   overlap: a stride of 4 takes an 11x11 kernel in three copies a row;
 * - images without padding are read where they lie, others from a copy with zeros around it.
 */
import { aligned } from "../../cpu/memory/memory_layout.ts";
import { type ConvGeometry, isPadded } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope } from "../library/dnnl.ts";
import { ELEMENT_BYTES } from "../library/dnnl_constants.ts";
import { copier, type Precision, type ThreadScratch } from "../onednn_step.ts";

/** Bytes of a matrix that a processor's caches hold, more or less. */
const CACHED_BYTES = 2 ** 20;

/** How many images are copied to patches at a time: a divisor of `n`. */
export function imagesAtOnce(g: ConvGeometry, n: number, precision: Precision): number {
  let count = Math.max(1, Math.min(n, Math.floor(CACHED_BYTES / im2colBytes(g, precision))));
  while (n % count !== 0) count--;
  return count;
}

/** Bytes of one image's part of the matrix. */
export function im2colBytes(g: ConvGeometry, precision: Precision): number {
  return g.oh * g.ow * windowSize(g) * ELEMENT_BYTES[precision];
}

/** Values under a window. */
export function windowSize({ kh, kw, c }: ConvGeometry): number {
  return kh * kw * c;
}

type Copy = (from: number, to: number) => void;

interface Layout {
  readonly strides: number[];
  readonly type: Precision;
}

export class Im2colPatches {
  readonly #own: ThreadScratch;
  readonly #at: number;
  readonly #copies: readonly (readonly [copy: Copy, from: number, to: number])[];
  readonly #padding: { readonly copy: Copy; readonly interior: number; readonly bytes: number } | null;

  /**
   * @param n Images at a time.
   * @param stored The type that they are stored in, `precision` the one that they are copied into.
   */
  constructor(
    scope: DnnlScope,
    own: ThreadScratch,
    g: ConvGeometry,
    n: number,
    stored: Precision,
    precision: Precision,
  ) {
    const padded = isPadded(g);
    const [rows, columns] = [g.h + g.ph + g.bottom, g.w + g.pw + g.right];
    const from: Layout = {
      strides: [rows * columns * g.c, 1, columns * g.c, g.c],
      type: padded ? precision : stored,
    };
    const paddedBytes = padded ? aligned(n * rows * columns * g.c * ELEMENT_BYTES[precision]) : 0;
    this.#own = own;
    this.#at = paddedBytes;
    this.#padding = padded ? paddingOf(scope, g, n, stored, from, paddedBytes) : null;
    this.#copies = copiesOf(scope, g, n, from, precision);
    own.reserve(paddedBytes + n * im2colBytes(g, precision));
  }

  /** Unfolds the images at an address; gives that of the matrix. */
  enter(address: number): number {
    const to = this.#own.address + this.#at;
    const from = this.#pad(address);
    for (const [copy, source, destination] of this.#copies) copy(from + source, to + destination);
    return to;
  }

  #pad(address: number): number {
    if (this.#padding === null) return address;
    const { copy, interior, bytes } = this.#padding;
    this.#own.clear(bytes);
    copy(address, this.#own.address + interior);
    return this.#own.address;
  }
}

function paddingOf(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  stored: Precision,
  padded: Layout,
  bytes: number,
) {
  const { c, h, w, ph, pw } = g;
  const dims = [n, c, h, w];
  const inside = scope.descriptor(dims, padded.type, padded.strides);
  const copy = copier(scope, scope.descriptor(dims, stored, [h * w * c, 1, w * c, c]), inside);
  const interior = (ph * padded.strides[2] + pw * padded.strides[3]) * ELEMENT_BYTES[padded.type];
  return { copy, interior, bytes };
}

/** The copies that fill the matrix, with the offsets in bytes of what they read and write. */
function copiesOf(scope: DnnlScope, g: ConvGeometry, n: number, from: Layout, precision: Precision) {
  const { c, kh, kw, sh, sw, dh, dw, oh, ow } = g;
  const row = windowSize(g);
  const [perImage, , perRow, perColumn] = from.strides;
  const together = dw === 1 ? Math.min(sw, kw) : 1;
  const widths = new Map<number, Copy>();
  const copyOf = (width: number): Copy => {
    const dims = [n, width * c, oh, ow];
    const source = scope.descriptor(dims, from.type, [perImage, 1, sh * perRow, sw * perColumn]);
    const destination = scope.descriptor(dims, precision, [oh * ow * row, 1, ow * row, row]);
    return copier(scope, source, destination);
  };
  const copies: [Copy, number, number][] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j += together) {
      const width = Math.min(together, kw - j);
      const copy = widths.get(width) ?? copyOf(width);
      widths.set(width, copy);
      const source = (i * dh * perRow + j * dw * perColumn) * ELEMENT_BYTES[from.type];
      copies.push([copy, source, (i * kw + j) * c * ELEMENT_BYTES[precision]]);
    }
  }
  return copies;
}

/** The matrix, for a product. */
export function windowRows(scope: DnnlScope, g: ConvGeometry, n: number, precision: Precision): Descriptor {
  return scope.descriptor([n * g.oh * g.ow, windowSize(g)], precision);
}

/** A weight [O, C, kh, kw] that lies as the windows do: [O, kh, kw, C]. */
export function weightLikeWindows(scope: DnnlScope, g: ConvGeometry): Descriptor {
  const { o, c, kh, kw } = g;
  return scope.descriptor([o, c, kh, kw], "float32", [windowSize(g), 1, kw * c, c]);
}
