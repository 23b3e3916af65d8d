/** Base64 as the platform writes it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { base64 } from "../../../src/report/html/base64.ts";

test("bytes of any number are written as Node.js writes them", () => {
  const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 7919) >> 3);
  for (const length of [0, 1, 2, 3, 4, 5, 255, 256, 257, bytes.length]) {
    const part = bytes.subarray(0, length);
    assert.ok(base64(part) === Buffer.from(part).toString("base64"), `${length} bytes`);
  }
});
