/** The rows of a PNG file one by one: filters undone, brought to 8 bits. The whole file is never unpacked at once. */
import type { Image } from "../../records/image.ts";
import type { ImageFailure } from "./image_failure.ts";
import type { DecodeSettings } from "./image_settings.ts";
import { PixelWriter } from "./pixel_writer.ts";
import type { PngChunks, PngHeader } from "./png_chunks.ts";
import { sampleReader } from "./png_samples.ts";

/** Samples for each pixel, by colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Pixels of an interlaced file come in seven passes, those of others in one. */
interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
}

const WHOLE = [[0, 0, 1, 1]] as const;

/** Adam7: x0, y0, dx, dy. Source: PNG specification (W3C, third edition), section 8.2. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Takes the unpacked bytes in pieces of any length and fills an image. */
export class PngRows {
  /** Of all rows with their filter bytes. */
  readonly rawBytes: number;
  readonly #header: PngHeader;
  readonly #fail: ImageFailure;
  readonly #passes: readonly Pass[];
  readonly #bits: number;
  readonly #writer: PixelWriter;
  /** Brings a row to samples of 8 bits, or is undefined if it has them. */
  readonly #toSamples: ((row: Uint8Array, width: number, samples: Uint8Array) => void) | undefined;
  readonly #samples: Uint8Array;
  #pass = 0;
  #y = 0;
  /** The filter byte, once it has come, and the row under way. */
  #filter = -1;
  #filled = 0;
  #row: Uint8Array;
  #above: Uint8Array;

  /** @param check - called with the bytes of all rows before anything is allocated. */
  constructor(
    chunks: PngChunks,
    settings: DecodeSettings,
    check: (rawBytes: number) => void,
    fail: ImageFailure,
  ) {
    const { header } = chunks;
    this.#header = header;
    this.#fail = fail;
    this.#passes = passesOf(header);
    this.#bits = header.depth * CHANNELS[header.colourType];
    this.rawBytes = this.#passes.reduce(
      (sum, { width, height }) => sum + height * (1 + this.#stride(width)),
      0,
    );
    check(this.rawBytes);
    const longest = Math.max(...this.#passes.map(({ width }) => this.#stride(width)));
    this.#row = new Uint8Array(longest);
    this.#above = new Uint8Array(longest);
    const { channels, read } = sampleReader(chunks, fail);
    this.#toSamples = read;
    this.#samples = read === undefined ? this.#row : new Uint8Array(header.width * channels);
    this.#writer = new PixelWriter(header.width, header.height, channels, settings);
  }

  get image(): Image {
    return this.#writer.image;
  }

  /** Whether every row has come. */
  get isWhole(): boolean {
    return this.#pass === this.#passes.length;
  }

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.isWhole) throw this.#fail("its packed data is damaged or of a wrong length");
      if (this.#filter < 0) {
        this.#filter = bytes[at++];
        if (this.#filter > 4) throw this.#fail(`row filter ${this.#filter} does not exist`);
        continue;
      }
      const stride = this.#stride(this.#passes[this.#pass].width);
      const count = Math.min(stride - this.#filled, bytes.length - at);
      this.#row.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === stride) this.#endRow(stride);
    }
  }

  #endRow(stride: number): void {
    const { x0, y0, dx, dy, width, height } = this.#passes[this.#pass];
    if (this.#y === 0) this.#above.fill(0, 0, stride);
    unfilter(this.#filter, this.#row, this.#above, stride, Math.max(1, this.#bits >> 3));
    const target = (y0 + this.#y * dy) * this.#header.width + x0;
    this.#toSamples?.(this.#row, width, this.#samples);
    this.#writer.write(this.#toSamples === undefined ? this.#row : this.#samples, width, target, dx);
    [this.#row, this.#above] = [this.#above, this.#row];
    this.#filter = -1;
    this.#filled = 0;
    if (++this.#y < height) return;
    this.#y = 0;
    this.#pass++;
  }

  #stride(width: number): number {
    return Math.ceil((width * this.#bits) / 8);
  }
}

function passesOf({ width, height, interlaced }: PngHeader): Pass[] {
  return (interlaced ? ADAM7 : WHOLE)
    .map(([x0, y0, dx, dy]) => ({
      x0,
      y0,
      dx,
      dy,
      width: Math.max(0, Math.ceil((width - x0) / dx)),
      height: Math.max(0, Math.ceil((height - y0) / dy)),
    }))
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

/**
 * Undoes the filter of a row in place; `above` is the row before it, zeros before the first.
 * Source: PNG specification, section 9.
 */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, stride: number, bpp: number): void {
  if (filter === 1) {
    for (let i = bpp; i < stride; i++) row[i] += row[i - bpp];
  } else if (filter === 2) {
    for (let i = 0; i < stride; i++) row[i] += above[i];
  } else if (filter === 3) {
    for (let i = 0; i < stride; i++) row[i] += ((i >= bpp ? row[i - bpp] : 0) + above[i]) >> 1;
  } else if (filter === 4) {
    for (let i = 0; i < stride; i++) {
      row[i] += i >= bpp ? paeth(row[i - bpp], above[i], above[i - bpp]) : above[i];
    }
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const byLeft = Math.abs(estimate - left);
  const byUp = Math.abs(estimate - up);
  const byCorner = Math.abs(estimate - corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
