import assert from "node:assert/strict";
import { test } from "node:test";
import { warnOnce } from "../../src/base/warnings.ts";

test("a warning is written once for each key", (t) => {
  const written: unknown[] = [];
  t.mock.method(console, "warn", (text: unknown) => written.push(text));
  warnOnce("a", "first");
  warnOnce("a", "the same key again");
  warnOnce("b", "100% another");
  assert.deepEqual(written, ["convoyant: warning: first", "convoyant: warning: 100% another"]);
});
