import { FileError } from "../../base/errors.ts";
import { type GreyImage, MAX_PIXELS } from "./grey_image.ts";

/**
 * Decodes a PGM image, plain (P2) or raw (P5), with up to 16 bits a sample.
 *
 * Samples are scaled so that the file's maximum becomes 255.
 *
 * @throws FileError for anything that is damaged, cut short, or larger than `maxPixels`.
 * Source: Netpbm, "pgm", format description.
 */
export function decodePgm(
  bytes: Uint8Array,
  options: { name?: string | undefined; maxPixels?: number | undefined } = {},
): GreyImage {
  const what = options.name === undefined ? "PGM image" : `PGM file ${options.name}`;
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  const fail = (message: string) => new FileError(`${what} cannot be read: ${message}; save the image again`);
  const magic = String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0);
  const reader = new TokenReader(bytes, 2);
  if ((magic !== "P2" && magic !== "P5") || !reader.atEnd())
    throw fail("it starts neither with P2 nor with P5");
  const [width, height, maximum] = [reader.number(), reader.number(), reader.number()];
  if (width === undefined || height === undefined || maximum === undefined) {
    throw fail("its header is not width, height and maximum");
  }
  if (width < 1 || height < 1 || width * height > maxPixels) {
    throw fail(`it claims to be ${width} x ${height} pixels; expected 1 to ${maxPixels} in all`);
  }
  if (maximum < 1 || maximum > 65535) throw fail(`its maximum is ${maximum}, expected 1 to 65535`);
  const sampleBytes = maximum > 255 ? 2 : 1;
  const raster = reader.raster();
  const available = bytes.length - raster;
  // A sample of a plain file takes a digit and, but for the last, a blank.
  const needed = magic === "P5" ? width * height * sampleBytes : 2 * width * height - 1;
  if (available < needed)
    throw fail(`it is cut short: ${width} x ${height} pixels need ${needed} bytes, got ${available}`);
  const data = new Uint8Array(width * height);
  for (let i = 0, at = raster; i < data.length; i++, at += sampleBytes) {
    const sample =
      magic === "P2" ? reader.number() : sampleBytes === 1 ? bytes[at] : bytes[at] * 256 + bytes[at + 1];
    if (sample === undefined || sample > maximum)
      throw fail(`pixel ${i} is not a number from 0 to ${maximum}`);
    data[i] = maximum === 255 ? sample : Math.round((sample * 255) / maximum);
  }
  return { width, height, data };
}

/** Encodes a grey image as raw PGM (P5). */
export function encodePgm(image: Readonly<GreyImage>): Uint8Array {
  const header = new TextEncoder().encode(`P5\n${image.width} ${image.height}\n255\n`);
  const out = new Uint8Array(header.length + image.data.length);
  out.set(header);
  out.set(image.data, header.length);
  return out;
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
