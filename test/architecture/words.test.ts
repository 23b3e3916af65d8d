/** Messages, comments, pages and file names use the field's terms: what must not come back. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import { test } from "node:test";
import { readSource, root } from "./sources.ts";

interface Rule {
  /** A space stands for any white space, also a line break inside a comment. */
  readonly avoid: RegExp;
  readonly say: string;
  /** What the rule finds, and what it must not find. */
  readonly bad: string;
  readonly fine?: string;
}

const rules: readonly Rule[] = [
  {
    avoid: /@throws [^.;]*?(?<!lists|says|names) where\b/,
    say: "if",
    bad: "@throws ShapeError where sizes differ",
    fine: "@throws ShapeError if sizes differ. Where they stand",
  },
  {
    avoid: /\b(?:null|undefined|nothing|empty|absent|false|-1) where (?!no window)/,
    say: "if",
    bad: "null where there is none",
    fine: "zeros where no window was",
  },
  {
    avoid:
      /\bwhere (?:there (?:is|are) (?:none|no|one|any)\b|none (?:is|was|are)\b|nothing (?:is|was|says)\b)/i,
    say: "if",
    bad: "the default where there is none",
    fine: "where there would be a tie",
  },
  {
    avoid:
      /\bwhere (?:it|that|they) (?:is|are|was|were) (?:not )?(?:given|known|needed|missing|absent|asked)\b/i,
    say: "if",
    bad: "2 where it is not given",
    fine: "where it is kept",
  },
  {
    // The name of a page stays: it is linked from elsewhere.
    avoid: /(?<!own-)\bpictures?\b/i,
    say: "image; figure or chart for a drawing",
    bad: "a picture of one channel",
    fine: "an image of one channel, docs/own-pictures.md",
  },
  {
    avoid: /\bwhole numbers?\b/i,
    say: "integer",
    bad: "expected a whole number",
    fine: "the whole batch, numbers",
  },
  {
    avoid: /(?<!\bthere )\b(?:is|are|was) no (?!longer\b|more\b|one\b|memory\b|$)\w/i,
    say: "is not a",
    bad: "what is no tensor",
    fine: "there is no tensor; it is no longer needed",
  },
  {
    avoid: /\bto be had\b|\bcan(?:not)? be had\b|\bbe had\b/i,
    say: "available, unavailable",
    bad: "bf16 is not to be had",
    fine: "it must be hard",
  },
  {
    avoid: /\bknows? (?:nothing of|it not|them not)\b/i,
    say: "does not know, does not have",
    bad: "it knows nothing of it",
    fine: "it knows its shape",
  },
  { avoid: /\bso many\b/i, say: "that many, a number of, at most n", bad: "after so many steps" },
  { avoid: /\bright answers?\b/i, say: "correct predictions, accuracy", bad: "counts right answers" },
  { avoid: /\bfirst (?:values|weights)\b/i, say: "initial values, initialisation", bad: "the first weights" },
  { avoid: /\bthe same chance\b/i, say: "probability", bad: "every class the same chance" },
  {
    avoid: /\bin turn\b/i,
    say: "alternately, interleaved, round-robin",
    bad: "all libraries, in turn",
    fine: "in turning",
  },
  {
    avoid: /\b(?:whoever|nobody|somebody|anybody|everybody)\b/i,
    say: "the caller, a user, nothing, no thread",
    bad: "whoever calls it",
  },
  {
    avoid: /\btells? of\b|\b(?:tells|says|shows?) of itself\b/i,
    say: "reports",
    bad: "what it says of itself",
  },
  { avoid: /\bspoil(?:s|t|ed)?\b/i, say: "non-finite, overwritten, damaged", bad: "weights that are spoilt" },
  { avoid: /\bat hand\b/i, say: "available, known, computed", bad: "if the labels are at hand" },
  {
    avoid: /\bin haste\b|\bin (?:its|the) midst\b|\borderly end\b/i,
    say: "baseline tier, during, graceful shutdown",
    bad: "an orderly end",
  },
  {
    avoid: /\bkeeps? the books\b|\bwith the books\b/i,
    say: "the allocator, the main thread",
    bad: "the thread that keeps the books",
    fine: "the book's figures",
  },
  {
    avoid: /\bwindows? of (?:\d+(?! by| columns| s\b|x)|one pixel|k by)/i,
    say: "3x3 kernel",
    bad: "for a window of 3",
    fine: "a window of [C, H, W]",
  },
  {
    avoid: /\b(?:matrix products?|products? of (?:two )?(?:square )?matrices)\b/i,
    say: "matmul, matrix multiplication, GEMM",
    bad: "as one matrix product",
    fine: "the product of two numbers",
  },
  { avoid: /\bways? (?:of computing|to compute)\b/i, say: "algorithm", bad: "the ways to compute a step" },
  { avoid: /\bWinograd's way\b/i, say: "Winograd's algorithm, F(m, r)", bad: "by Winograd's way" },
  { avoid: /\bunfolded images?\b/i, say: "im2col patches", bad: "unfolded images" },
  {
    avoid: /[\w?]:(?:wholes?|flag)(?=["|`])/,
    say: "the kinds integer, integers and boolean",
    bad: `["size:wholes|null"]`,
    fine: `["size:integers|null", "whole"]`,
  },
  {
    avoid: /\b(?:home buffers?|homeless|wantHome|choices\.jsonl)\b/,
    say: "device buffer, pending upload; autotuning cache",
    bad: "tensors that are homeless",
    fine: "the home page",
  },
  {
    avoid: /\bpeers?\b(?! dependenc| name )/i,
    say: "baseline",
    bad: "the fastest of its peers",
    fine: "an optional peer dependency",
  },
  { avoid: /\bgone on with\b/i, say: "resumed", bad: "a run that is gone on with" },
  {
    avoid: /\bbeside (?:the authors'|PyTorch's|the book's|other libraries|the best)/i,
    say: "compared with",
    bad: "our results beside the authors'",
    fine: "the script beside the fixtures",
  },
  {
    avoid: /\bthe house\b|\b(?:tensor|upper|lower|each) floors?\b|\bpackage's face\b/i,
    say: "the source tree, layer, public entry",
    bad: "the tensor floor",
    fine: "floor(a / b)",
  },
  { avoid: /\banew\b/i, say: "again", bad: "starts anew" },
  { avoid: /\bis mended\b|\bputs? (?:it|them|this) right\b/i, say: "fixed", bad: "once it is mended" },
];

/** Parts of file names, and what to call the file instead. */
const fileNames: readonly (readonly [RegExp, string])[] = [
  [/(?<!^own-)picture/, "image"],
  [/unfolded/, "im2col"],
  [/(?:^|_)ways?(?:_|$)/, "algorithms"],
  [/(?:^|_)trial(?:_|$)/, "benchmark"],
  [/(?:^|_)choices?$|^choice_log$|^chooser$/, "algorithms, autotuning cache"],
  [/^native_(?:step|matmul|convolution|.*_gradient)$/, "onednn_..., as the engine is called"],
  [/(?:^|_)home(?:_|$)/, "device buffer"],
  [/(?:^|_)arrivals?(?:_|$)/, "readback"],
  [/^(?:\w+_)?gradient_book$/, "leaf gradients"],
  [/(?:^|_)peers?(?:_|$)/, "baseline"],
  [/(?:^|_)floors?(?:_|$)/, "layers"],
];

/** These pages and this file name what is avoided. */
const exempt = new Set(["test/architecture/words.test.ts", "docs/glossary.md", "CHANGELOG.md"]);

const places = ["src", "test", "docs", "examples", "bench", "scripts", "README.md", "CONTRIBUTING.md"];

/** Files of these places that people write, by git or, in a copy without it, none. */
function written(): string[] {
  const listed = execFileSync("git", ["ls-files", "--", ...places], { cwd: root, encoding: "utf8" });
  return listed
    .split("\n")
    .filter((path) => /\.(?:ts|mjs|js|md|py)$/.test(path) && !exempt.has(path) && !path.endsWith(".zh.md"));
}

/** A text in which comments run on from line to line; as long as before, so that places stay. */
function runningText(text: string): string {
  return text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/|#)? ?/g, (gap) => `\n${" ".repeat(gap.length - 1)}`);
}

const spaced = ({ avoid }: Rule) => new RegExp(avoid.source.replaceAll(" ", "\\s+"), `${avoid.flags}g`);

test("each rule finds what it is for, and nothing else", () => {
  for (const rule of rules) {
    assert.match(rule.bad, spaced(rule));
    assert.match(
      runningText(`/**\n * ${rule.bad.replace(" ", "\n * ")}\n */`),
      spaced(rule),
      "over two lines",
    );
    if (rule.fine !== undefined) assert.doesNotMatch(rule.fine, spaced(rule));
  }
});

test("messages, comments and pages use the field's terms", () => {
  const files = written();
  const found = files.flatMap((path) => {
    const text = runningText(readSource(path));
    return rules.flatMap((rule) =>
      [...text.matchAll(spaced(rule))].map((match) => {
        const line = text.slice(0, match.index).split("\n").length;
        return `${path}:${line}: "${match[0].replace(/\s+/g, " ")}"; say: ${rule.say}`;
      }),
    );
  });
  assert.ok(files.length > 0);
  assert.deepEqual(found, []);
});

test("file names use the field's terms", () => {
  const found = written().flatMap((path) => {
    const name = posix.basename(path).replace(/\..*$/, "");
    return fileNames.filter(([avoid]) => avoid.test(name)).map(([, say]) => `${path}; say: ${say}`);
  });
  assert.deepEqual(found, []);
});
