import assert from "node:assert/strict";
import { test } from "node:test";
import { readSource } from "../architecture/sources.ts";
import { operatorsTable } from "./onnx_operators.ts";
import { writtenBlock } from "./written_block.ts";

test("docs/formats.md lists the operators of ONNX that are read", () => {
  const documented = writtenBlock(readSource("docs/formats.md"), "onnx-operators");
  assert.equal(documented, operatorsTable(), "run `node build/test/docs/write_formats.js`");
});
