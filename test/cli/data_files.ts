/** Small files for tests: IDX, PGM, PNG, safetensors. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

/** An IDX file of unsigned bytes: what its header says, then `bytes` bytes of data. */
export function idxBytes(shape: readonly number[], bytes: number, type = 0x08): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + bytes);
  const view = new DataView(file.buffer);
  file.set([0, 0, type, shape.length]);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  return file;
}

/** A folder with these files. */
export function folderWith(path: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  mkdirSync(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

/** A grey image as binary PGM. */
export function pgmBytes(width: number, height: number, grey: ArrayLike<number>): Uint8Array {
  return Buffer.concat([
    Buffer.from(`P5\n# made by a test\n${width} ${height}\n255\n`),
    Uint8Array.from(grey),
  ]);
}

/** A grey image as 8-bit PNG, rows unfiltered. */
export function pngBytes(width: number, height: number, grey: ArrayLike<number>): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = grey[y * width + x];
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A safetensors file with this header, truthful or not, and a number of bytes of data. */
export function safetensorsBytes(
  header: object | string,
  dataBytes: number,
  headerLength?: number,
): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerLength ?? text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}
