import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ArgumentError, type ErrorReason, FileError, TrainingError } from "../../src/base/errors.ts";
import { errorText } from "../../src/cli/console/error_text.ts";

test("what to do is said in the words of the command line, what is wrong in the same words as ever", () => {
  const error = new TrainingError("runs/a holds a run already", {
    cure: ": continue it with fit(net, { out, resume: true, ... })",
    reason: "run exists",
    facts: { path: "runs/a" },
  });
  assert.equal(
    error.message,
    "runs/a holds a run already: continue it with fit(net, { out, resume: true, ... })",
  );
  assert.equal(
    errorText(error),
    "runs/a holds a run already: continue it with --resume runs/a, or choose another folder with --out",
  );
  assert.equal(errorText(new ArgumentError("fit: no")), "fit: no");
  assert.equal(errorText(new TypeError("no")), "no");
  const reasons: readonly ErrorReason[] = [
    "run exists",
    "run in use",
    "data missing",
    "data folder",
    "batch too large",
    "token needed",
    "port in use",
    "port forbidden",
    "address unknown",
  ];
  for (const reason of reasons)
    assert.match(
      errorText(new FileError("x", { reason, cure: " cure", facts: { half: 4 } })),
      /^x.*--[a-z-]+/,
    );
});

/** Lines of a folder's sources that are not comments. */
function* codeLines(folder: string): Generator<string> {
  const root = fileURLToPath(new URL(`../../../src/${folder}`, import.meta.url));
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    for (const line of readFileSync(`${root}/${name}`, "utf8").split("\n"))
      if (!/^\s*(\*|\/\/|\/\*)/.test(line)) yield `${name}: ${line.trim()}`;
  }
}

/** Options of pip, another program: in the file that starts it, and in a command that a message gives. */
const ofPip = (line: string): boolean =>
  line.startsWith("fetch/pip_source.ts: ") || line.includes("pip download");

test("no message of the library speaks of the command's switches", () => {
  for (const folder of ["train", "data", "optim", "nn", "tensor", "ops", "io", "models", "runtime"]) {
    const lines = [...codeLines(folder)].filter((line) => !ofPip(line));
    assert.ok(lines.length > 100, folder);
    assert.deepEqual(
      lines.filter((line) => /(^|[\s`"'])--[a-z][a-z-]+/.test(line.split(": ").slice(1).join(": "))),
      [],
    );
  }
});
