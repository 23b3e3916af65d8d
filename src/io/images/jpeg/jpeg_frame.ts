/** The frame of a JPEG file: its size, its components, and the room that they take. */
import { checkClaim, type ImageFailure } from "../image_failure.ts";
import type { HuffmanTable } from "./jpeg_huffman.ts";

/** A component: Y, Cb, Cr, or one of other colours. */
export interface JpegComponent {
  readonly id: number;
  /** Samples across and down for each of the frame's smallest unit. */
  readonly h: number;
  readonly v: number;
  readonly quantIndex: number;
  /** In samples. */
  readonly width: number;
  readonly height: number;
  /** In blocks of 8 by 8. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** Blocks of a row as stored: whole units. */
  readonly storedWide: number;
  readonly storedHigh: number;
  /** Of its first scan: a later table of that number does not count. */
  quant: Uint16Array | undefined;
  dcTable: HuffmanTable | undefined;
  acTable: HuffmanTable | undefined;
  /** The DC coefficient before. */
  predicted: number;
  /** Samples, `8 * storedWide` in a row. */
  plane: Uint8ClampedArray;
  /** Of a progressive file, 64 for each block in natural order. */
  coefficients: Int16Array;
}

export interface JpegFrame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly maxH: number;
  readonly maxV: number;
  readonly unitsWide: number;
  readonly unitsHigh: number;
  readonly components: readonly JpegComponent[];
}

const UNREAD: Readonly<Record<number, string>> = {
  195: "it is a lossless JPEG",
  201: "it is coded arithmetically",
  202: "it is coded arithmetically",
};

const NO_SAMPLES = new Uint8ClampedArray(0);
const NO_COEFFICIENTS = new Int16Array(0);

/** Reads a frame header (SOF) and checks what it claims. */
export function readFrame(marker: number, segment: Uint8Array, limit: number, fail: ImageFailure): JpegFrame {
  if (marker > 0xc2)
    throw fail(
      `${UNREAD[marker] ?? `it is of a kind (SOF${marker - 0xc0}) that only few programs write`}; ` +
        "expected a baseline or progressive one",
    );
  const count = segment[5];
  if (segment.length < 6 || segment.length !== 6 + 3 * count)
    throw fail("its frame header has a wrong length");
  if (segment[0] !== 8) throw fail(`it has ${segment[0]} bits a sample, expected 8`);
  const height = segment[1] * 256 + segment[2];
  const width = segment[3] * 256 + segment[4];
  checkClaim(width, height, limit, fail);
  if (![1, 3, 4].includes(count)) throw fail(`it has ${count} components, expected 1, 3 or 4`);
  const heads = Array.from({ length: count }, (_, i) => {
    const [id, factors, quantIndex] = segment.subarray(6 + 3 * i);
    return { id, h: factors >> 4, v: factors & 15, quantIndex };
  });
  for (const { h, v, quantIndex } of heads) {
    if (h < 1 || h > 4 || v < 1 || v > 4 || quantIndex > 3) throw fail("its frame header is damaged");
  }
  const maxH = Math.max(...heads.map(({ h }) => h));
  const maxV = Math.max(...heads.map(({ v }) => v));
  const unitsWide = Math.ceil(width / (8 * maxH));
  const unitsHigh = Math.ceil(height / (8 * maxV));
  const components = heads.map((head): JpegComponent => {
    const { h, v } = head;
    if (maxH % h !== 0 || maxV % v !== 0)
      throw fail(`its components are sampled ${h} x ${v} of ${maxH} x ${maxV}, expected integer ratios`);
    const [wide, high] = [Math.ceil((width * h) / maxH), Math.ceil((height * v) / maxV)];
    return {
      ...head,
      width: wide,
      height: high,
      blocksWide: Math.ceil(wide / 8),
      blocksHigh: Math.ceil(high / 8),
      storedWide: unitsWide * h,
      storedHigh: unitsHigh * v,
      quant: undefined,
      dcTable: undefined,
      acTable: undefined,
      predicted: 0,
      plane: NO_SAMPLES,
      coefficients: NO_COEFFICIENTS,
    };
  });
  return { progressive: marker === 0xc2, width, height, maxH, maxV, unitsWide, unitsHigh, components };
}

/** Makes room for the samples, unless the file is too short to hold them: a block takes a bit at least. */
export function allocate(frame: JpegFrame, fileBytes: number, fail: ImageFailure): void {
  const blocks = frame.components.reduce((sum, c) => sum + c.blocksWide * c.blocksHigh, 0);
  if (blocks > 8 * fileBytes)
    throw fail(
      `it claims to be ${frame.width} x ${frame.height} pixels, which ${fileBytes} bytes cannot hold`,
    );
  for (const component of frame.components) {
    const stored = component.storedWide * component.storedHigh;
    component.plane = new Uint8ClampedArray(64 * stored);
    if (frame.progressive) component.coefficients = new Int16Array(64 * stored);
  }
}
