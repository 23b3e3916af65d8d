/** PBM, PGM and PPM images. Source: Netpbm, format descriptions of "pbm", "pgm" and "ppm". */
import { checkClaim, type ImageFailure, imageFailure } from "./image_failure.ts";
import { DEFAULT_SETTINGS, type Decode } from "./image_settings.ts";
import { PixelWriter } from "./pixel_writer.ts";

/** Gives row by row the samples as stored; they come in order. */
type RowReader = (samples: Uint16Array) => void;

interface PnmHeader {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly maximum: number;
  readonly isPlain: boolean;
  readonly isBitmap: boolean;
}

/**
 * Decodes P1 to P6: bitmaps, grey and colour, plain and raw, with up to 16 bits a sample.
 *
 * Samples are scaled so that the file's maximum becomes 255, rounded as Pillow does: halves to the even neighbour.
 *
 * @throws FileError for anything that is damaged, cut short, or too large.
 */
export const decodePnm: Decode = (bytes, settings = DEFAULT_SETTINGS, name) => {
  const kind = bytes[1] - 0x30;
  const fail = imageFailure(["", "PBM", "PGM", "PPM", "PBM", "PGM", "PPM"][kind] ?? "PNM", name);
  const reader = new TokenReader(bytes, 2);
  const header = readHeader(bytes, reader, kind, settings.limit, fail);
  const { width, height, channels, maximum } = header;
  const readRow = rowReader(bytes, reader, header, fail);
  const writer = new PixelWriter(width, height, channels, settings);
  const samples = new Uint16Array(width * channels);
  const row = new Uint8Array(width * channels);
  for (let y = 0; y < height; y++) {
    readRow(samples);
    for (let i = 0; i < row.length; i++) {
      const sample = samples[i];
      if (sample > maximum) throw fail(`sample ${y * row.length + i} is not an integer from 0 to ${maximum}`);
      row[i] = maximum === 255 ? sample : roundEven((sample / maximum) * 255);
    }
    writer.write(row, width, y * width);
  }
  return writer.image;
};

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function readHeader(
  bytes: Uint8Array,
  reader: TokenReader,
  kind: number,
  limit: number,
  fail: ImageFailure,
): PnmHeader {
  if (bytes[0] !== 0x50 || !(kind >= 1 && kind <= 6) || !reader.atEnd())
    throw fail("it starts with none of P1 to P6");
  const isBitmap = kind === 1 || kind === 4;
  const [width, height, maximum] = [reader.number(), reader.number(), isBitmap ? 1 : reader.number()];
  if (width === undefined || height === undefined || maximum === undefined) {
    throw fail(`its header is not ${isBitmap ? "width and height" : "width, height and maximum"}`);
  }
  checkClaim(width, height, limit, fail);
  if (maximum < 1 || maximum > 65535) throw fail(`its maximum is ${maximum}, expected 1 to 65535`);
  return { width, height, channels: kind % 3 === 0 ? 3 : 1, maximum, isPlain: kind <= 3, isBitmap };
}

function rowReader(
  bytes: Uint8Array,
  reader: TokenReader,
  { width, height, channels, maximum, isPlain, isBitmap }: PnmHeader,
  fail: ImageFailure,
): RowReader {
  let at = reader.raster();
  const sampleBytes = maximum > 255 ? 2 : 1;
  const count = width * height * channels;
  // A sample of a plain file takes a digit and, but for the last and for bits, a blank.
  const plain = isBitmap ? count : 2 * count - 1;
  const needed = isPlain ? plain : isBitmap ? Math.ceil(width / 8) * height : count * sampleBytes;
  if (bytes.length - at < needed)
    throw fail(
      `it is cut short: ${width} x ${height} pixels need ${needed} bytes, got ${Math.max(0, bytes.length - at)}`,
    );
  if (isPlain) {
    let index = 0;
    return (samples) => {
      for (let i = 0; i < samples.length; i++, index++) {
        const sample = isBitmap ? reader.bit() : reader.number();
        if (sample === undefined || sample > maximum)
          throw fail(`sample ${index} is not an integer from 0 to ${maximum}`);
        samples[i] = isBitmap ? 1 - sample : sample;
      }
    };
  }
  if (isBitmap)
    return (samples) => {
      for (let x = 0; x < width; x++) samples[x] = 1 - ((bytes[at + (x >> 3)] >> (7 - (x & 7))) & 1);
      at += Math.ceil(width / 8);
    };
  return (samples) => {
    for (let i = 0; i < samples.length; i++, at += sampleBytes)
      samples[i] = sampleBytes === 1 ? bytes[at] : bytes[at] * 256 + bytes[at + 1];
  };
}

/** Decimal numbers between blanks and `#` comments. */
class TokenReader {
  position: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  /** The next number, or undefined if something else stands. */
  number(): number | undefined {
    this.#skipBlanks();
    let value = 0;
    const start = this.position;
    while (this.#digit() && this.position - start < 10)
      value = value * 10 + this.#bytes[this.position++] - 0x30;
    return this.position > start && this.atEnd() ? value : undefined;
  }

  /** The next bit of a plain bitmap, which needs no blank behind it. */
  bit(): number | undefined {
    this.#skipBlanks();
    const bit = this.#bytes[this.position++] - 0x30;
    return bit === 0 || bit === 1 ? bit : undefined;
  }

  /** Whether a word ends here: a comment may follow it without a blank. */
  atEnd(): boolean {
    return this.position === this.#bytes.length || this.#blank() || this.#bytes[this.position] === 0x23;
  }

  /** Where the pixels of a raw file start: behind one blank, or behind the comment that stands in its place. */
  raster(): number {
    if (this.#bytes[this.position] === 0x23)
      while (this.position < this.#bytes.length && this.#bytes[this.position] !== 0x0a) this.position++;
    return this.position + 1;
  }

  #digit(): boolean {
    const byte = this.#bytes[this.position];
    return byte >= 0x30 && byte <= 0x39;
  }

  #blank(): boolean {
    const byte = this.#bytes[this.position];
    return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
  }

  #skipBlanks(): void {
    for (;;) {
      if (this.#bytes[this.position] === 0x23) {
        while (this.position < this.#bytes.length && this.#bytes[this.position] !== 0x0a) this.position++;
      } else if (!this.#blank()) return;
      else this.position++;
    }
  }
}
