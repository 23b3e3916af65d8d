import assert from "node:assert/strict";
import { test } from "node:test";
import { FileError } from "../../../src/base/errors.ts";
import { crc32, crc32c } from "../../../src/io/checksums.ts";
import { failureOf } from "../../../src/io/formats/format_failure.ts";
import { ProtobufReader } from "../../../src/io/formats/protobuf/protobuf_reader.ts";
import { ProtobufWriter } from "../../../src/io/formats/protobuf/protobuf_writer.ts";

const reader = (bytes: Uint8Array) => new ProtobufReader(bytes, failureOf("message", undefined));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("messages are the bytes of protobuf's documentation", () => {
  assert.equal(hex(new ProtobufWriter().integer(1, 150).end()), "089601");
  assert.equal(hex(new ProtobufWriter().text(2, "testing").end()), "120774657374696e67");
  assert.equal(
    hex(new ProtobufWriter().message(3, new ProtobufWriter().integer(1, 150)).end()),
    "1a03089601",
  );
  assert.equal(hex(new ProtobufWriter().integers(6, [3, 270, 86942]).end()), "3206038e029ea705");
  assert.equal(hex(new ProtobufWriter().integer(1, -2).end()), "08feffffffffffffffff01");
});

test("what is written is read", () => {
  const inner = new ProtobufWriter().text(1, "größer 图").doubles(2, [0.1, -1e300]);
  const bytes = new ProtobufWriter()
    .integer(1, Number.MAX_SAFE_INTEGER)
    .integer(2, -(2n ** 63n))
    .double(3, 1 / 3)
    .float(4, 0.5)
    .bytes(5, Uint8Array.of(1, 2))
    .message(6, inner)
    .integers(7, [1, -1])
    .integer(7, 5)
    .integer(100_000, 1)
    .end();
  const read = reader(bytes);
  const found: unknown[] = [];
  const integers: (number | bigint)[] = [];
  while (read.next()) {
    if (read.field === 1) found.push(read.integer());
    else if (read.field === 2) found.push(read.bigInteger());
    else if (read.field === 3) found.push(read.double());
    else if (read.field === 4) found.push(read.float());
    else if (read.field === 5) found.push([...read.bytes()]);
    else if (read.field === 6) {
      const message = read.message();
      const doubles: number[] = [];
      while (message.next()) {
        if (message.field === 1) found.push(message.text());
        else message.doublesInto(doubles);
      }
      found.push(doubles);
    } else if (read.field === 7) read.integersInto(integers);
    else read.skip();
  }
  assert.deepEqual(found, [
    Number.MAX_SAFE_INTEGER,
    -(2n ** 63n),
    1 / 3,
    0.5,
    [1, 2],
    "größer 图",
    [0.1, -1e300],
  ]);
  assert.deepEqual(integers, [1, -1, 5]);
});

test("damaged messages are refused", () => {
  const walk = (read: ProtobufReader): void => {
    while (read.next()) read.skip();
  };
  const deep = (read: ProtobufReader): void => {
    while (read.next()) deep(read.message());
  };
  let nested = new ProtobufWriter();
  for (let i = 0; i < 80; i++) nested = new ProtobufWriter().message(1, nested);
  for (const [bytes, message, use] of [
    ["08", /ends before its last field does/, walk],
    ["0a05ff", /ends before its last field does/, walk],
    ["0affffffffffffffffff01", /ends before its last field does/, walk],
    ["08ffffffffffffffffffff01", /more than ten bytes/, walk],
    ["0001", /a field without a number/, walk],
    ["0b", /wire type 3, which is not in use/, walk],
    ["0801", /wire type 0, expected 2/, (read: ProtobufReader) => void (read.next() && read.text())],
    ["0a01ff", /not UTF-8/, (read: ProtobufReader) => void (read.next() && read.text())],
    ["08ffffffffffffffff7f", /beyond ±/, (read: ProtobufReader) => void (read.next() && read.integer())],
    [
      "0a03000000",
      /3 bytes of numbers of 8/,
      (read: ProtobufReader) => void (read.next() && read.doublesInto([])),
    ],
    [hex(nested.end()), /nested more than 64 deep/, deep],
  ] as const)
    assert.throws(
      () => use(reader(new Uint8Array(Buffer.from(bytes, "hex")))),
      (error: Error) => {
        assert.ok(error instanceof FileError, error.stack);
        assert.match(error.message, message);
        return true;
      },
    );
});

test("checksums are those of the standards, in one piece or several", () => {
  const digits = new TextEncoder().encode("123456789");
  assert.equal(crc32(digits), 0xcbf43926);
  assert.equal(crc32c(digits), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  for (let cut = 0; cut <= 9; cut++)
    assert.equal(crc32(digits.subarray(cut), crc32(digits.subarray(0, cut))), 0xcbf43926);
});
