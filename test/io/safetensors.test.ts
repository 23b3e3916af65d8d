import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { arrayFrom, DTYPES, type DType, numbersOf } from "../../src/base/dtype.ts";
import { ArgumentError, DTypeError, FileError, ShapeError } from "../../src/base/errors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  type SafetensorsContent,
} from "../../src/io/safetensors/safetensors.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors/safetensors_file.ts";

const FIXTURES = fileURLToPath(new URL("../../../test/fixtures/safetensors/", import.meta.url));
const fixture = (name: string) => readFileSync(join(FIXTURES, name));

function entry(dtype: DType, values: number[], shape: number[] = [values.length]): NamedArray {
  return { data: arrayFrom(dtype, values), shape, dtype };
}

/** What test/fixtures/safetensors/make.py put into ours.safetensors. */
function ours(): Map<string, NamedArray> {
  const limit = Number.MAX_SAFE_INTEGER;
  return new Map([
    [
      "features.0.weight",
      entry(
        "float32",
        Array.from({ length: 24 }, (_, i) => i / 7),
        [2, 3, 2, 2],
      ),
    ],
    ["features.0.bias", entry("float32", [-0, Number.POSITIVE_INFINITY])],
    ["0.num_batches_tracked", entry("int64", [12345678901], [])],
    ["labels", entry("int64", [-1, 0, limit, -limit, -(2 ** 32)])],
    ["double", entry("float64", [1 / 3, 1e300])],
    ["ints", entry("int32", [1, -2, 2 ** 31 - 1, -(2 ** 31)], [2, 2])],
    ["bytes", entry("uint8", [0, 1, 255])],
    ["mask", entry("bool", [1, 0, 1])],
    ["empty", entry("float32", [], [0, 4])],
    ["half", entry("float16", [0.1, -65504, 2 ** -24])],
    ["brain", entry("bfloat16", [0.1, -3e38], [2, 1])],
    ["名字", entry("float32", [1.5])],
  ]);
}

test("reads what the Python package wrote", () => {
  const { tensors, metadata } = decodeSafetensors(fixture("ours.safetensors"));
  assert.deepEqual({ ...metadata }, { format: "pt", note: "größer 图" });
  assert.equal(tensors.size, ours().size);
  for (const [name, expected] of ours()) assert.deepEqual(tensors.get(name), expected, name);
});

test("writes tensors as the Python package does, byte for byte", () => {
  const theirs = fixture("ours.safetensors");
  const dataOf = (bytes: Uint8Array) =>
    bytes.subarray(8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
  const bytes = encodeSafetensors(ours(), { format: "pt", note: "größer 图" });
  assert.deepEqual(Buffer.from(dataOf(bytes)), Buffer.from(dataOf(theirs)));
  const headerOf = (b: Uint8Array) =>
    JSON.parse(new TextDecoder().decode(b.subarray(8, b.length - dataOf(b).length))) as object;
  assert.deepEqual(headerOf(bytes), headerOf(theirs));
  assert.equal((bytes.length - dataOf(bytes).length) % 8, 0);
});

test("16-bit floats are the numbers that torch sees", () => {
  const { tensors } = decodeSafetensors(fixture("foreign.safetensors"));
  const widened = decodeSafetensors(fixture("foreign_widened.safetensors")).tensors;
  for (const [name, dtype] of [
    ["half", "float16"],
    ["brain", "bfloat16"],
  ]) {
    const stored = tensors.get(name) as NamedArray;
    assert.equal(stored.dtype, dtype);
    const theirs = (widened.get(name) as NamedArray).data;
    assert.deepEqual(Array.from(numbersOf(stored.dtype, stored.data)), Array.from(theirs), name);
  }
});

test("16-bit floats are written from their bits and from their numbers", () => {
  const bits = entry("bfloat16", [0.1, -2.5]);
  const numbers = { ...bits, data: numbersOf("bfloat16", bits.data) };
  assert.deepEqual(encodeSafetensors(new Map([["a", numbers]])), encodeSafetensors(new Map([["a", bits]])));
});

test("narrow integers come as the next wider dtype", () => {
  const { tensors } = decodeSafetensors(fixture("foreign.safetensors"));
  assert.deepEqual(tensors.get("i8"), entry("int32", [-128, 127]));
  assert.deepEqual(tensors.get("i16"), entry("int32", [-32768, 32767]));
  assert.deepEqual(tensors.get("u16"), entry("int32", [0, 65535]));
  assert.deepEqual(tensors.get("u32"), entry("int64", [0, 2 ** 32 - 1]));
  assert.deepEqual(tensors.get("u64"), entry("int64", [0, 2 ** 53 - 1]));
});

test("a dtype that has no place here is named", () => {
  assert.throws(
    () => decodeSafetensors(fixture("float8.safetensors")),
    /"x" has dtype "F8_E4M3", which cannot be read; save it as one of F64, F32/,
  );
});

test("what is written is read back, whatever the names, shapes and dtypes", () => {
  const shape = fc.array(fc.nat(3), { maxLength: 4 });
  const tensor = fc.tuple(fc.constantFrom(...DTYPES), shape, fc.infiniteStream(fc.nat(255)));
  const property = fc.property(
    fc.dictionary(fc.string({ unit: "grapheme" }), tensor, { noNullPrototype: true }),
    fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    (dictionary, metadata) => {
      const tensors = new Map<string, NamedArray>();
      for (const [name, [dtype, dims, values]] of Object.entries(dictionary)) {
        if (name === "__metadata__") continue;
        const length = dims.reduce((product, n) => product * n, 1);
        const numbers = Array.from({ length }, () => values.next().value as number);
        tensors.set(name, entry(dtype, numbers, dims));
      }
      const back = decodeSafetensors(encodeSafetensors(tensors, metadata));
      assert.equal(back.tensors.size, tensors.size);
      for (const [name, expected] of tensors) assert.deepEqual(back.tensors.get(name), expected);
      assert.deepEqual(Object.entries(back.metadata).sort(), Object.entries(metadata).sort());
    },
  );
  fc.assert(property, { numRuns: 150 });
});

/** A file with this header text and a number of bytes of data. */
function file(header: string | Uint8Array, dataBytes = 0, claimed?: number): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimed ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const F32 = (start: number, end: number, shape = [(end - start) / 4]) =>
  JSON.stringify({ dtype: "F32", shape, data_offsets: [start, end] });

const HOSTILE: [string, Uint8Array, RegExp][] = [
  ["nothing", new Uint8Array(0), /at least 8 bytes/],
  ["a prefix cut short", new Uint8Array(7), /at least 8 bytes/],
  ["a header beyond the end", file("{}", 0, 100), /claims 100 bytes, only 2 follow/],
  ["a huge header", file("{}", 0, Number.MAX_SAFE_INTEGER), /the limit is 100000000/],
  [
    "a header of 2^64 - 1",
    Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 255, 123, 125]),
    /the limit is/,
  ],
  ["no JSON", file("{nonsense}"), /is not JSON/],
  ["a list", file("[]"), /does not start with/],
  ["blanks before the header", file(" {}"), /does not start with/],
  ["two documents", file("{}{}"), /is not JSON/],
  ["not UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), /not UTF-8/],
  ["a key twice", file(`{"a":${F32(0, 4)},"a":${F32(0, 4)}}`, 4), /the key "a" twice/],
  ["a key twice, once escaped", file(`{"a":${F32(0, 4)},"\\u0061":${F32(0, 4)}}`, 4), /the key "a" twice/],
  [
    "shape twice",
    file('{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}', 1),
    /"shape" twice/,
  ],
  ["an entry that is not an object", file('{"a":[0,4]}', 4), /is not an object/],
  ["an unknown dtype", file('{"a":{"dtype":"F33","shape":[],"data_offsets":[0,4]}}', 4), /dtype "F33"/],
  ["no dtype", file('{"a":{"shape":[],"data_offsets":[0,4]}}', 4), /dtype undefined/],
  ["a negative size", file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4), /has shape \[-1\]/],
  ["a broken size", file('{"a":{"dtype":"F32","shape":[0.5],"data_offsets":[0,2]}}', 2), /has shape \[0.5\]/],
  [
    "a shape that is not a list",
    file('{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}', 4),
    /has shape 1/,
  ],
  [
    "backward offsets",
    file('{"a":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}', 4),
    /data_offsets \[4, 0\]/,
  ],
  ["three offsets", file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}', 8), /data_offsets/],
  ["no offsets", file('{"a":{"dtype":"F32","shape":[]}}', 4), /data_offsets undefined/],
  ["a length that lies", file(`{"a":${F32(0, 8, [1])}}`, 8), /claims 8 bytes, but \[1\] of F32 is 4/],
  ["a wrong element size", file('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,4]}}', 4), /of F64 is 8/],
  ["terabytes", file(`{"a":${F32(0, 4e12)}}`, 4), /ends at byte 4000000000000 of the data, which has only 4/],
  [
    "an overflowing product",
    file(`{"a":${F32(0, 0, [2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1])}}`),
    /claims 0 bytes/,
  ],
  [
    "offsets beyond 2^53",
    file(`{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,9007199254740993]}}`),
    /has shape/,
  ],
  [
    "an overlap",
    file(`{"a":${F32(0, 8)},"b":${F32(4, 12)}}`, 12),
    /"b" starts at byte 4 of the data and overlaps/,
  ],
  ["the same bytes twice", file(`{"a":${F32(0, 4)},"b":${F32(0, 4)}}`, 4), /overlaps/],
  ["a hole", file(`{"a":${F32(0, 4)},"b":${F32(8, 12)}}`, 12), /bytes 4 to 8 of the data, before "b"/],
  ["a hole at the start", file(`{"a":${F32(4, 8)}}`, 8), /bytes 0 to 4/],
  ["data cut short", file(`{"a":${F32(0, 8)}}`, 7), /which has only 7/],
  ["bytes at the end", file(`{"a":${F32(0, 4)}}`, 5), /the last 1 bytes belong to no tensor/],
  ["metadata that is not text", file('{"__metadata__":{"a":1}}'), /must map texts to texts/],
  ["metadata that is a list", file('{"__metadata__":[]}'), /must map texts to texts/],
  ["an int64 beyond 2^53", int64Beyond(), /a\[0\] is beyond/],
];

function int64Beyond(): Uint8Array {
  const bytes = file('{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', 8);
  bytes[bytes.length - 1] = 0x7f;
  return bytes;
}

for (const [name, bytes, message] of HOSTILE) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => decodeSafetensors(bytes, { name: "w.safetensors" }),
      (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("damaged bytes give a FileError or a readable file, never another error", () => {
  const good = encodeSafetensors(ours(), { a: "b" });
  const property = fc.property(
    fc.nat(good.length - 1),
    fc.nat(255),
    fc.nat(good.length),
    (at, value, length) => {
      const bad = good.slice(0, length);
      if (at < bad.length) bad[at] = value;
      try {
        decodeSafetensors(bad);
      } catch (error) {
        assert.ok(error instanceof FileError, String(error));
      }
    },
  );
  fc.assert(property, { numRuns: 500 });
});

test("a damaged file is read from the disk as it is from memory", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "w");
  const good = encodeSafetensors(ours(), { a: "b" });
  const outcome = async (read: () => SafetensorsContent | Promise<SafetensorsContent>) => {
    try {
      const { tensors, metadata } = await read();
      return [...tensors, ...Object.entries(metadata)];
    } catch (error) {
      assert.ok(error instanceof FileError, String(error));
      return error.message;
    }
  };
  const same = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    const there = await outcome(() => readSafetensors(path));
    assert.deepEqual(there, await outcome(() => decodeSafetensors(bytes, { name: path })));
  };
  for (let length = 0; length <= good.length; length += length < 40 ? 1 : 37)
    await same(good.slice(0, length));
  const property = fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, value) => {
    const bad = good.slice();
    bad[at] = value;
    await same(bad);
  });
  await fc.assert(property, { numRuns: 200 });
});

test("refuses to write what cannot be read back", () => {
  const one =
    (value: NamedArray, name = "a") =>
    () =>
      encodeSafetensors(new Map([[name, value]]));
  assert.throws(one(entry("float32", [1, 2], [3])), ShapeError);
  assert.throws(one(entry("float32", [1]), "__metadata__"), ArgumentError);
  assert.throws(one({ data: Float64Array.of(Number.NaN), shape: [1], dtype: "int64" }), DTypeError);
  assert.throws(() => encodeSafetensors(new Map(), { a: 1 as unknown as string }), ArgumentError);
});

test("files are written and read, and errors name them", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "w.safetensors");
  await writeSafetensors(path, ours(), { step: "3" });
  const back = await readSafetensors(path);
  assert.deepEqual(back.tensors.get("labels"), ours().get("labels"));
  assert.equal(back.metadata.step, "3");
  await assert.rejects(readSafetensors(join(folder, "none")), /cannot read .*none: there is no such file/);
  await assert.rejects(writeSafetensors(join(folder, "no", "w"), ours()), /its folder does not exist/);
});

test("a header that is deeply nested, or long, is refused in a short message", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const long = "x".repeat(1_000_000);
  const wide = `[${"2,".repeat(500_000)}1]`;
  for (const header of [
    `{"a":${deep}}`,
    `{"a":{"dtype":${deep},"shape":[],"data_offsets":[0,4]}}`,
    `{"a":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`,
    `{"a":{"dtype":"F32","shape":[1],"data_offsets":${deep}}}`,
    `{"__metadata__":{"a":${deep}}}`,
    `{"${long}":{"dtype":"${long}","shape":[],"data_offsets":[0,4]}}`,
    `{"${long}":${F32(0, 4)},"${long}":${F32(0, 4)}}`,
    `{"a":{"dtype":"F32","shape":${wide},"data_offsets":[0,4]}}`,
    `{"a":{"dtype":"F32","shape":[1],"data_offsets":${wide}}}`,
  ]) {
    assert.throws(
      () => decodeSafetensors(file(header, 4)),
      (error: Error) => error instanceof FileError && error.message.length < 600,
      header.slice(0, 60),
    );
  }
});

test("metadata of null is none, as in the Python package", () => {
  assert.deepEqual(decodeSafetensors(file('{"__metadata__":null}')).metadata, {});
});

test("keys that mean something to JavaScript are names like others", () => {
  const header = `{"__proto__":${F32(0, 4)},"constructor":${F32(4, 8)},"__metadata__":{"__proto__":"x","toString":"y"}}`;
  const { tensors, metadata } = decodeSafetensors(file(header, 8));
  assert.deepEqual([...tensors.keys()], ["__proto__", "constructor"]);
  assert.deepEqual(Object.entries(metadata), [
    ["__proto__", "x"],
    ["toString", "y"],
  ]);
  assert.equal(({} as Record<string, unknown>).dtype, undefined);
});
