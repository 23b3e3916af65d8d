/** Encodes JPEG files: baseline, chroma halved, the standard's tables. Source: ITU-T T.81. */
import { ArgumentError } from "../../../base/errors.ts";
import { shownValue } from "../../../base/shown_value.ts";
import type { Image } from "../../../records/image.ts";
import { checkImage } from "../check_image.ts";
import { codeBook, JpegWriter } from "./jpeg_bits.ts";
import {
  CHROMA_AC_CODES,
  CHROMA_DC_CODES,
  type CodeLengths,
  LUMA_AC_CODES,
  LUMA_DC_CODES,
} from "./jpeg_code_tables.ts";
import { forwardTransform } from "./jpeg_fdct.ts";
import { planesOf, type SamplePlane } from "./jpeg_planes.ts";
import { CHROMA_STEPS, LUMA_STEPS, ZIGZAG } from "./jpeg_tables.ts";

/** Tables of luma, and of chroma: steps at quality 50, codes of DC and AC coefficients. */
interface TableSet {
  readonly steps: Uint8Array;
  readonly dc: CodeLengths;
  readonly ac: CodeLengths;
}

const tableSets = (): TableSet[] => [
  { steps: LUMA_STEPS, dc: LUMA_DC_CODES, ac: LUMA_AC_CODES },
  { steps: CHROMA_STEPS, dc: CHROMA_DC_CODES, ac: CHROMA_AC_CODES },
];

/** The most pixels a side that the format can name. */
const MAX_SIDE = 65500;

export interface EncodeJpegOptions {
  /** From 1, small, to 100, close to the image. @default 75 */
  readonly quality?: number;
}

/**
 * Encodes an image as JPEG: the very bytes that Pillow and libjpeg-turbo write at the same quality.
 *
 * @param options - `quality` from 1 to 100, default 75.
 * @throws ArgumentError for an image with alpha, one whose sizes and data do not belong together, or another quality.
 * @example
 * ```ts
 * const image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(40, 40) } as const;
 * const bytes = data.encodeJpeg(image, { quality: 90 });
 * (await data.decodeImage(bytes)).data; // Uint8Array(2) [40, 40]
 * ```
 */
export function encodeJpeg(image: Image, options: EncodeJpegOptions = {}): Uint8Array {
  checkImage(image, "encodeJpeg");
  const { quality = 75 } = options;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100)
    throw new ArgumentError(
      `encodeJpeg: expected quality to be an integer from 1 to 100, got ${shownValue(quality)}`,
    );
  const { width, height, channels } = image;
  if (channels === 4)
    throw new ArgumentError("encodeJpeg: JPEG has no alpha; use encodePng, or decode with `channels: 3`");
  if (Math.max(width, height) > MAX_SIDE)
    throw new ArgumentError(
      `encodeJpeg: ${width} x ${height} is too large: JPEG has at most ${MAX_SIDE} pixels a side`,
    );
  const planes = planesOf(image);
  const tables = tableSets()
    .slice(0, channels === 1 ? 1 : 2)
    .map((set) => ({ ...set, steps: scaled(set.steps, quality) }));
  const writer = new JpegWriter();
  writeHeaders(writer, image, tables);
  writeScan(writer, planes, tables);
  return writer.finish();
}

/** Steps for a quality, as libjpeg scales them. */
function scaled(table: Uint8Array, quality: number): Uint8Array {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return table.map((step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
}

function writeHeaders(
  writer: JpegWriter,
  { width, height, channels }: Image,
  tables: readonly TableSet[],
): void {
  writer.bytes(0xff, 0xd8);
  const segment = (marker: number, ...body: readonly number[]) =>
    writer.bytes(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);
  segment(0xe0, ...new TextEncoder().encode("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0);
  tables.forEach(({ steps }, i) => {
    segment(0xdb, i, ...Array.from(ZIGZAG, (place) => steps[place]));
  });
  const components =
    channels === 1
      ? [[1, 0x11, 0]]
      : [
          [1, 0x22, 0],
          [2, 0x11, 1],
          [3, 0x11, 1],
        ];
  segment(0xc0, 8, height >> 8, height & 255, width >> 8, width & 255, channels, ...components.flat());
  tables.forEach(({ dc, ac }, i) => {
    for (const [kind, { counts, symbols }] of [dc, ac].entries())
      segment(0xc4, (kind << 4) | i, ...counts, ...symbols);
  });
  segment(0xda, channels, ...components.flatMap(([id, , table]) => [id, table * 0x11]), 0, 63, 0);
}

function writeScan(writer: JpegWriter, planes: readonly SamplePlane[], tables: readonly TableSet[]): void {
  const books = tables.map(({ dc, ac }) => [codeBook(dc), codeBook(ac)] as const);
  const block = new Int32Array(64);
  const before = planes.map(() => 0);
  const write = (component: number, column: number, row: number) => {
    const { data, wide, high } = planes[component];
    const index = Math.min(component, 1);
    // A block beyond the edge repeats the DC coefficient before it.
    if (8 * column >= wide || 8 * row >= high) {
      block.fill(0);
      block[0] = before[component];
    } else {
      for (let y = 0, from = 8 * (row * wide + column), i = 0; y < 8; y++, from += wide)
        for (let x = 0; x < 8; x++) block[i++] = data[from + x] - 128;
      forwardTransform(block);
      quantise(block, tables[index].steps);
    }
    writer.block(block, before[component], ...books[index]);
    before[component] = block[0];
  };
  const [luma] = planes;
  const size = planes.length === 1 ? 1 : 2;
  for (let row = 0; 8 * row < luma.high; row += size) {
    for (let column = 0; 8 * column < luma.wide; column += size) {
      for (let i = 0; i < size * size; i++) write(0, column + (i % size), row + Math.floor(i / size));
      for (let c = 1; c < planes.length; c++) write(c, column / 2, row / 2);
    }
  }
}

/** Divides by steps times eight, halves away from zero. */
function quantise(block: Int32Array, steps: Uint8Array): void {
  for (let i = 0; i < 64; i++) {
    const step = 8 * steps[i];
    const size = Math.floor((Math.abs(block[i]) + (step >> 1)) / step);
    block[i] = block[i] < 0 ? -size : size;
  }
}
