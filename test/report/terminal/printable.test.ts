import assert from "node:assert/strict";
import { test } from "node:test";
import {
  printable,
  printableJson,
  printableLines,
  printableRendered,
} from "../../../src/report/terminal/printable.ts";

test("what a terminal would obey is shown as an escape", () => {
  assert.equal(printable("a\u001b[2Jb\u0007\u009bc\nd\te\u007f"), "a\\x1b[2Jb\\x07\\x9bc\\x0ad\\x09e\\x7f");
  assert.equal(printable("run\u202egpj.exe\u2066\u200b\ufeff"), "run\\u202egpj.exe\\u2066\\u200b\\ufeff");
  assert.equal(printable("\u{e0041}\ud800\u2028"), "\\U000e0041\\ud800\\u2028");
});

test("every other text stays as it is", () => {
  for (const text of ["短靴", "T恤 \\x1b", "ἄνθρωπος", "👩‍👩‍👧", "می‌خواهم", "naïve — “quoted”"])
    assert.equal(printable(text), text);
});

test("messages keep their lines, rendered text its colours, and neither anything else", () => {
  assert.equal(printableLines("a\nb\r\u001b[31mc"), "a\nb\\x0d\\x1b[31mc");
  assert.equal(
    printableRendered("\u001b[1mtitle\u001b[22m\u001b[2J\u001b]0;x\u0007"),
    "\u001b[1mtitle\u001b[22m\\x1b[2J\\x1b]0;x\\x07",
  );
});

test("JSON stays the same value", () => {
  const value = { name: "a\u009b\u202e\u{e0041}\u007f\n\ud800", list: ["短靴", "\u2028"] };
  const text = printableJson(value);
  assert.match(text, /^[^\u007f-\u009f\u202e\u2028]*$/);
  assert.deepEqual(JSON.parse(text), value);
});
