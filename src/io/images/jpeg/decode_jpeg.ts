/** Decodes JPEG files: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK. Source: ITU-T T.81. */
import type { Image } from "../../../records/image.ts";
import { exifOrientation, type Orientation, upright } from "../exif_orientation.ts";
import { type ImageFailure, imageFailure } from "../image_failure.ts";
import { DEFAULT_SETTINGS, type Decode, type DecodeSettings } from "../image_settings.ts";
import { coloursOf, toImage } from "./jpeg_colour.ts";
import { allocate, type JpegFrame, readFrame } from "./jpeg_frame.ts";
import { EntropyReader, type HuffmanTable, huffmanTable, nextMarker } from "./jpeg_huffman.ts";
import { type JpegScan, readScan, transformAll } from "./jpeg_scan.ts";
import { ZIGZAG } from "./jpeg_tables.ts";

/** A progressive file of more scans is an attack: each goes over all of the image. Encoders write about ten. */
const MAX_SCANS = 100;

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const DHT = 0xc4;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;

/**
 * Decodes a JPEG file to the pixels that libjpeg-turbo gives, bit for bit, upright.
 *
 * @throws FileError for anything that is damaged, cut short, too large, or of a kind that is hardly ever written.
 */
export const decodeJpeg: Decode = (bytes, settings = DEFAULT_SETTINGS, name) => {
  return new JpegReader(bytes, settings, imageFailure("JPEG", name)).read();
};

/** One pass over the markers of a file. */
class JpegReader {
  readonly #bytes: Uint8Array;
  readonly #settings: DecodeSettings;
  readonly #fail: ImageFailure;
  readonly #quant: (Uint16Array | undefined)[] = [];
  readonly #dcTables: (HuffmanTable | undefined)[] = [];
  readonly #acTables: (HuffmanTable | undefined)[] = [];
  #frame: JpegFrame | undefined;
  #restartInterval = 0;
  #isJfif = false;
  #adobe: number | undefined;
  #orientation: Orientation = 1;
  #scans = 0;

  constructor(bytes: Uint8Array, settings: DecodeSettings, fail: ImageFailure) {
    this.#bytes = bytes;
    this.#settings = settings;
    this.#fail = fail;
  }

  read(): Image {
    const bytes = this.#bytes;
    if (bytes[0] !== 0xff || bytes[1] !== SOI) throw this.#fail("it does not start as a JPEG");
    for (let at = 2; ; ) {
      at = nextMarker(bytes, at);
      const marker = bytes[at + 1];
      if (at >= bytes.length) throw this.#fail("it is cut short: its end marker is missing");
      if (marker === EOI) break;
      at += 2;
      if (marker === SOI || (marker >= 0xd0 && marker <= 0xd7) || marker === 1) continue;
      const length = bytes[at] * 256 + bytes[at + 1];
      if (!(length >= 2) || at + length > bytes.length) throw this.#fail("it is cut short or damaged");
      const segment = bytes.subarray(at + 2, at + length);
      at += length;
      if (marker === SOS) at = this.#readScan(segment, at);
      else this.#readSegment(marker, segment);
    }
    return this.#finish();
  }

  #finish(): Image {
    const frame = this.#frame;
    if (frame === undefined || frame.components.some(({ quant }) => quant === undefined))
      throw this.#fail("the data of a component is missing");
    if (frame.progressive) transformAll(frame);
    const image = toImage(frame, coloursOf(frame, this.#isJfif, this.#adobe), this.#settings);
    return upright(image, this.#orientation);
  }

  #readSegment(marker: number, segment: Uint8Array): void {
    if (marker === DQT) this.#readQuantTables(segment);
    else if (marker === DHT) this.#readHuffmanTables(segment);
    else if (marker === DRI && segment.length >= 2) this.#restartInterval = segment[0] * 256 + segment[1];
    else if (marker === APP0 && startsWith(segment, "JFIF\0")) this.#isJfif = true;
    else if (marker === APP1 && startsWith(segment, "Exif\0")) this.#orientation = exifOrientation(segment);
    else if (marker === APP14 && segment.length >= 12 && startsWith(segment, "Adobe"))
      this.#adobe = segment[11];
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (this.#frame !== undefined) throw this.#fail("it has two frames");
      this.#frame = readFrame(marker, segment, this.#settings.limit, this.#fail);
    }
  }

  #readQuantTables(segment: Uint8Array): void {
    for (let at = 0; at < segment.length; ) {
      const index = segment[at] & 15;
      const wide = segment[at++] >> 4;
      const bytes = wide === 0 ? 64 : 128;
      if (index > 3 || wide > 1 || at + bytes > segment.length)
        throw this.#fail("a quantisation table is damaged");
      const table = new Uint16Array(64);
      for (let k = 0; k < 64; k++)
        table[ZIGZAG[k]] = wide === 0 ? segment[at + k] : segment[at + 2 * k] * 256 + segment[at + 2 * k + 1];
      this.#quant[index] = table;
      at += bytes;
    }
  }

  #readHuffmanTables(segment: Uint8Array): void {
    for (let at = 0; at < segment.length; ) {
      const head = segment[at];
      const counts = segment.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const symbols = segment.subarray(at + 17, at + 17 + total);
      if (counts.length < 16 || symbols.length < total || total > 256 || head >> 4 > 1 || (head & 15) > 3)
        throw this.#fail("a Huffman table is damaged");
      const tables = head >> 4 === 0 ? this.#dcTables : this.#acTables;
      tables[head & 15] = huffmanTable(counts, symbols, this.#fail);
      at += 17 + total;
    }
  }

  /** Returns where its data end, or a place before that from which there is no other marker. */
  #readScan(segment: Uint8Array, at: number): number {
    const frame = this.#frame;
    if (frame === undefined) throw this.#fail("image data come before the frame header");
    if (++this.#scans > MAX_SCANS) throw this.#fail(`it has more than ${MAX_SCANS} scans`);
    const scan = this.#scanOf(segment, frame);
    if (this.#scans === 1) allocate(frame, this.#bytes.length, this.#fail);
    const reader = new EntropyReader(this.#bytes, at, this.#fail);
    readScan(frame, scan, reader, this.#restartInterval, this.#fail);
    return reader.at;
  }

  #scanOf(segment: Uint8Array, frame: JpegFrame): JpegScan {
    const count = segment[0];
    if (count < 1 || count > 4 || segment.length !== 4 + 2 * count)
      throw this.#fail("a scan header is damaged");
    const [first, last, approximation] = segment.subarray(1 + 2 * count);
    const [high, low] = [approximation >> 4, approximation & 15];
    const components = Array.from({ length: count }, (_, i) => {
      const component = frame.components.find(({ id }) => id === segment[1 + 2 * i]);
      if (component === undefined) throw this.#fail("a scan names a component that the frame has not");
      const tables = segment[2 + 2 * i];
      component.quant ??= this.#quant[component.quantIndex];
      component.dcTable = this.#dcTables[tables >> 4];
      component.acTable = this.#acTables[tables & 15];
      return component;
    });
    if (new Set(components).size < count) throw this.#fail("a scan names a component twice");
    const needsDc = first === 0 && high === 0;
    const needsAc = !frame.progressive || first > 0;
    for (const { quant, dcTable, acTable } of components) {
      if (!quant || (needsDc && !dcTable) || (needsAc && !acTable))
        throw this.#fail("a scan names a table that is not there");
    }
    const whole = first === 0 && last === 63 && approximation === 0;
    const band = first === 0 ? last === 0 : last >= first && last < 64 && count === 1;
    if (frame.progressive ? !band || low > 13 || (high > 0 && high !== low + 1) : !whole)
      throw this.#fail("a scan header is damaged");
    return { components, first, last, high, low };
  }
}

function startsWith(segment: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (segment[i] !== text.charCodeAt(i)) return false;
  return true;
}
