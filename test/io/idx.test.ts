import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FileError } from "../../src/base/errors.ts";
import { readMaybeGzipped } from "../../src/io/gzip_file.ts";
import { encodeIdx, parseIdx } from "../../src/io/idx.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

test("every element type is read big-endian", () => {
  const read = (...values: number[]) => {
    const { data, shape, dtype } = parseIdx(bytes(...values));
    return [dtype, shape, [...data]];
  };
  assert.deepEqual(read(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 255), ["uint8", [1, 3], [1, 2, 255]]);
  assert.deepEqual(read(0, 0, 9, 1, 0, 0, 0, 2, 255, 127), ["int32", [2], [-1, 127]]);
  assert.deepEqual(read(0, 0, 11, 1, 0, 0, 0, 1, 255, 254), ["int32", [1], [-2]]);
  assert.deepEqual(read(0, 0, 12, 1, 0, 0, 0, 1, 1, 2, 3, 4), ["int32", [1], [0x01020304]]);
  assert.deepEqual(read(0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0), ["float32", [1], [1.5]]);
  assert.deepEqual(read(0, 0, 14, 1, 0, 0, 0, 1, 0xbf, 0xf8, 0, 0, 0, 0, 0, 0), ["float64", [1], [-1.5]]);
  assert.deepEqual(read(0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3), ["uint8", [0, 3], []]);
});

test("what is written is read back", () => {
  for (const [dtype, data] of [
    ["uint8", Uint8Array.of(0, 7, 255)],
    ["int32", Int32Array.of(-1, 7, 2 ** 31 - 1)],
    ["float32", Float32Array.of(0.5, -1, Number.NaN)],
    ["float64", Float64Array.of(1 / 3, -1, 0)],
  ] as const) {
    assert.deepEqual(parseIdx(encodeIdx({ data, shape: [3, 1], dtype })), { data, shape: [3, 1], dtype });
  }
});

test("a file that is not what it claims to be gets one clear error", () => {
  const refused = (data: Uint8Array, message: RegExp, dimensions?: number) =>
    assert.throws(
      () => parseIdx(data, { name: "f", dimensions }),
      (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.message, message);
        return true;
      },
    );
  refused(bytes(), /IDX file f is cut short: 0 bytes/);
  refused(bytes(0, 0, 8), /cut short: 3 bytes/);
  refused(bytes(1, 0, 8, 1, 0, 0, 0, 0), /not IDX: it starts with 01 00 08 01/);
  refused(bytes(0, 0, 10, 1, 0, 0, 0, 0), /not IDX/);
  refused(bytes(0, 0, 8, 0), /not IDX/);
  refused(bytes(0x1f, 0x8b, 8, 0), /still gzipped/);
  refused(bytes(0, 0, 8, 3, 0, 0, 0, 1), /its header alone needs 16/);
  refused(bytes(0, 0, 8, 1, 0, 0, 0, 3, 1, 2), /cut short: \[3\] of unsigned byte needs 3 bytes.*found 2/);
  refused(bytes(0, 0, 8, 1, 0, 0, 0, 1, 1, 2), /longer than its header says/);
  refused(bytes(0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255), /cut short/);
  refused(bytes(0, 0, 8, 1, 0, 0, 0, 1, 5), /has 1 dimensions, expected 3/, 3);
});

test("gzipped files are unpacked within a bound", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const content = new Uint8Array(100_000).fill(7);
  const put = (name: string, data: Uint8Array) => {
    writeFileSync(join(folder, name), data);
    return join(folder, name);
  };
  const packed = gzipSync(content);
  assert.deepEqual(await readMaybeGzipped(put("a.gz", packed), 100_000), content);
  assert.deepEqual(await readMaybeGzipped(put("plain", content), 100_000), content);
  assert.deepEqual(await readMaybeGzipped(put("empty", new Uint8Array(0)), 10), new Uint8Array(0));
  await assert.rejects(
    readMaybeGzipped(join(folder, "a.gz"), 99_999),
    /at most 99999 bytes unpacked, got more/,
  );
  await assert.rejects(
    readMaybeGzipped(join(folder, "plain"), 99_999),
    /at most 99999 bytes unpacked, got 100000/,
  );
  for (let length = 2; length < packed.length; length++)
    await assert.rejects(
      readMaybeGzipped(put("cut.gz", packed.subarray(0, length)), 1e6),
      /FileError: .*cut\.gz is a damaged or incomplete gzip file/,
    );
  const damaged = Uint8Array.from(packed);
  damaged[damaged.length - 6] ^= 1;
  await assert.rejects(readMaybeGzipped(put("bad.gz", damaged), 1e6), /damaged or incomplete gzip file/);
  const bomb = put("bomb.gz", gzipSync(new Uint8Array(50_000_000)));
  await assert.rejects(readMaybeGzipped(bomb, 1000), FileError);
  await assert.rejects(readMaybeGzipped(join(folder, "none"), 1), /there is no such file/);
});
