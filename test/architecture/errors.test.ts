/** Errors are told apart by classes and fields, never by their texts; and every public class is documented. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as errors from "../../src/base/errors.ts";
import * as convoyant from "../../src/index.ts";
import { readSource, typescriptFiles } from "./sources.ts";

/** Files that look into a text: what they look at has no code, or is only shortened to be shown. */
const ALLOWED: Readonly<Record<string, string>> = {
  "src/base/open_files.ts": "EMFILE comes from a worker without its code",
  "src/data/fetch/fetch_dataset.ts": "takes folders out of what is shown",
  "src/engines/onednn/library/foreign_functions.ts": "shows the first line of what the module loader says",
  "src/engines/onednn/library/load_dnnl.ts": "the system's loader has no codes",
  "src/install/install_onednn.ts": "the system's loader has no codes",
  "src/install/onednn_at_start.ts": "shows the first line",
};

/** A text of an error is asked for what it holds, taken apart, or compared. */
const LOOKS = [
  /\bmessage\s*\??\.(?:includes|startsWith|endsWith|indexOf|search|match|matchAll|replace|replaceAll|split|slice|substring|at|trim)\b/,
  /\.(?:test|exec)\([^()]*(?:\([^()]*\)[^()]*)*\bmessage\)/,
  /(?<!typeof [\w.]+)\bmessage\s*[!=]==/,
];

/** Sources without comments. */
const codeOf = (file: string) => readSource(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

test("nothing is decided by the text of an error", () => {
  const looking = typescriptFiles("src").filter((file) => LOOKS.some((look) => look.test(codeOf(file))));
  assert.deepEqual(
    looking.filter((file) => ALLOWED[file] === undefined),
    [],
    "give the error a class, a code or a field",
  );
  assert.deepEqual(
    Object.keys(ALLOWED).filter((file) => !looking.includes(file)),
    [],
    "no longer needed here",
  );
});

test("the ways of looking into a text are found", () => {
  for (const code of [
    'error.message.includes("NaN")',
    '(error as Error).message.startsWith("a")',
    "/libgomp/.test((error as Error).message)",
    "const [first] = message.split(':');",
    'if (error.message === "no")',
    "/x/.exec(error.message)",
  ])
    assert.ok(
      LOOKS.some((look) => look.test(code)),
      code,
    );
  for (const code of ["say(error.message)", "message: error.message"])
    assert.ok(!LOOKS.some((look) => look.test(code)), code);
});

test("every error class is public, and stands in the documentation with when it is thrown", () => {
  const classes = Object.entries(errors).filter(
    ([, value]) => typeof value === "function" && value.prototype instanceof Error,
  );
  assert.ok(classes.length >= 12);
  const page = readSource("docs/errors.md");
  for (const [name, value] of classes) {
    assert.equal((convoyant as Record<string, unknown>)[name], value, `${name} is not exported`);
    if (name !== "ConvoyantError") assert.match(page, new RegExp(`^\\| \`${name}\` \\| \\S`, "m"));
    assert.equal(new (value as new () => Error)().name, name);
  }
});
