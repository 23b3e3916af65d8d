/** Small files that claim or unpack to much: each is refused, or read, with little memory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { pngChunk } from "./png_chunk.ts";

const folder = mkdtempSync(join(tmpdir(), "hostile-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const script = fileURLToPath(new URL("./read_hostile.js", import.meta.url));

interface Read {
  readonly error: { readonly name: string; readonly message: string } | null;
  /** More than the process had before. */
  readonly megabytes: number;
}

function read(reader: string, path: string): Read {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, reader, path], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Read;
}

function refused(reader: string, path: string, message: RegExp, megabytes = 100): void {
  const { error, megabytes: taken } = read(reader, path);
  assert.equal(error?.name, "FileError", error?.message ?? "it was read");
  assert.match(error?.message ?? "", message);
  assert.ok(taken < megabytes, `${message}: it took ${taken} MB`);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const MEGABYTE = 1 << 20;

/** A zlib stream of zeros, without packing them all: the same block again and again. */
function packedZeros(bytes: number): Uint8Array {
  const block = deflateRawSync(new Uint8Array(MEGABYTE), { finishFlush: constants.Z_FULL_FLUSH });
  const rest = deflateRawSync(new Uint8Array(bytes % MEGABYTE));
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((((bytes % 65521) << 16) | 1) >>> 0);
  const blocks = Array.from({ length: Math.floor(bytes / MEGABYTE) }, () => block);
  return Buffer.concat([Uint8Array.of(0x78, 0x9c), ...blocks, rest, sum]);
}

/** A black PNG. */
function png(width: number, height: number, depth: number, colourType: number, channels: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType], 8);
  const raw = height * (1 + Math.ceil((width * depth * channels) / 8));
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    pngChunk("IHDR", header),
    pngChunk("IDAT", packedZeros(raw)),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

test("a PNG of more pixels than the limit is refused, one that unpacks to 288 MB takes the memory of the image", () => {
  const bomb = png(11_585, 11_585, 16, 6, 4);
  assert.ok(bomb.length < 1.3 * MEGABYTE);
  refused(
    "image",
    file("bomb.png", bomb),
    /claims to be 11585 x 11585 pixels; expected 1 to 64000000 in all/,
    50,
  );
  refused("image", file("wide.png", png(2 ** 22, 1, 16, 6, 4)), /expected at most 1048576 a side/, 50);
  const { error, megabytes } = read("image", file("large.png", png(6000, 6000, 16, 6, 4)));
  assert.equal(error, null);
  // 36 MB of pixels, and pieces that wait for the garbage collector: never the 288 MB that it unpacks to.
  assert.ok(megabytes < 200, `it took ${megabytes} MB`);
});

test("a PGM and a gzip stream that claim more than there is", () => {
  refused("image", file("claims.pgm", "P5\n7999 7999\n65535\n"), /cut short/, 50);
  refused("image", file("claims-plain.pgm", "P2\n7999 7999\n255\n1 2"), /cut short/, 50);
  refused(
    "gzip",
    file("bomb.gz", gzipSync(new Uint8Array(100 * MEGABYTE))),
    /at most 1000 bytes unpacked/,
    50,
  );
});

/** A safetensors file with this header and no data. */
function withHeader(name: string, header: string | Uint8Array): string {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  return file(name, Buffer.concat([prefix, Buffer.from(header)]));
}

test("a safetensors header that is too long, too deep, or has too many parts", () => {
  const claims = withHeader("claims.safetensors", "");
  writeFileSync(claims, Buffer.from(new BigUint64Array([100_000_000n]).buffer));
  truncateSync(claims, 100_000_008);
  refused(
    "safetensors",
    claims,
    /the header claims 100000000 bytes, the limit is 16777216 with 0 bytes of data/,
    50,
  );
  const brackets = 8 * MEGABYTE;
  const deep = `{"a":${"[".repeat(brackets)}${"]".repeat(brackets - 10)}}`;
  refused(
    "safetensors",
    withHeader("deep.safetensors", deep.slice(0, 16 * MEGABYTE)),
    /nested more than 3 deep/,
  );
  const many = `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":{}`).join(",")}}`;
  refused("safetensors", withHeader("many.safetensors", many), /more than 65536 entries/);
  const shape = `{"a":{"dtype":"F32","shape":[${"1,".repeat(4 * MEGABYTE)}1],"data_offsets":[0,4]}}`;
  refused("safetensors", withHeader("shape.safetensors", shape), /a list of more than 1024 numbers/);
  const texts = Array.from({ length: 100_000 }, (_, i) => `"${i}":""`).join(",");
  refused(
    "safetensors",
    withHeader("texts.safetensors", `{"__metadata__":{${texts}}}`),
    /more than 65536 entries/,
  );
});

test("a checkpoint whose settings are nested, or have millions of parts", () => {
  const metadata = (state: string) =>
    `{"__metadata__":{"format":"convoyant-checkpoint-1","optimizer":"{}","state":${JSON.stringify(state)}}}`;
  for (const state of ["[".repeat(7 * MEGABYTE), `[${"{},".repeat(2 * MEGABYTE)}{}]`]) {
    refused(
      "checkpoint",
      withHeader("state.safetensors", metadata(state)),
      /is a damaged checkpoint: .*(nested more than 64 deep|more than 500000 lists and objects)/,
      250,
    );
  }
});

test("a run whose settings or metrics are nested, or have millions of parts", () => {
  const run = join(folder, "run");
  mkdirSync(run);
  const at = (name: string, text: string) => writeFileSync(join(run, name), text);
  for (const text of ["[".repeat(3 * MEGABYTE), `{"a":[${"{},".repeat(MEGABYTE)}{}]}`]) {
    at("config.json", text);
    refused("run", run, /config\.json is damaged/);
  }
  at("config.json", `"${"a".repeat(5 * MEGABYTE)}"`);
  refused("run", run, /config\.json is not the file it should be: expected at most 4194304 bytes/, 50);
});
