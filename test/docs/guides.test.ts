/**
 * What the guides for contributors tell to write is written into a copy of the sources, compiled, and tried: each
 * guide's own test runs there.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../architecture/sources.ts";
import { stepsOf } from "./guide_steps.ts";
import { CHECKS, SourceCopy } from "./source_copy.ts";

const OP = "docs/adding-an-op.md";
const guides = readdirSync(join(root, "docs/guides"))
  .filter((name) => name.startsWith("adding-"))
  .map((name) => `docs/guides/${name}`);

const copy = new SourceCopy();
let complaints: string[] = [];
let building = "";

before(() => {
  for (const page of [OP, ...guides]) for (const step of stepsOf(page)) copy.take(step);
  complaints = copy.compile();
  building = copy.build();
});
after(() => copy.remove());

/** The compiler's complaints about a page's own files. */
function compiles(page: string): void {
  assert.equal(building, "");
  const paths = stepsOf(page).map(({ path }) => path);
  assert.deepEqual(
    complaints.filter((line) => paths.some((path) => line.startsWith(path))),
    [],
  );
}

/** Runs tests of the copy. */
function passes(tests: readonly string[]): void {
  const files = tests.map((path) => join("build", path.replace(/\.ts$/, ".js")));
  const { status, stdout, stderr } = copy.node(["--test", "--test-reporter=spec", ...files]);
  assert.equal(status, 0, stdout + stderr);
  const [, count] = /^ℹ pass (\d+)$/m.exec(stdout) ?? [];
  assert.ok(Number(count) >= tests.length, stdout);
}

/** What the examples in the comments of each page throw, all run in one process; null until they have run. */
let thrown: Readonly<Record<string, string>> | null = null;

function runExamples(): Readonly<Record<string, string>> {
  const modules = [OP, ...guides].map((page) => [
    page,
    stepsOf(page).flatMap(({ path }) => copy.examples.get(path) ?? []),
  ]);
  const program = `
    const thrown = {};
    for (const [page, names] of ${JSON.stringify(modules)})
      for (const name of names)
        await import(\`./build/\${name}.js\`).catch((error) => (thrown[page] = \`\${name}: \${error.stack}\`));
    await (await import("./build/src/index.js")).stopEngine();
    console.log(JSON.stringify(thrown));`;
  const { status, stdout, stderr } = copy.node(["--input-type=module", "--eval", program]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string);
}

/** Runs the examples of a page's comments. */
function examplesHold(page: string): void {
  thrown ??= runExamples();
  assert.equal(thrown[page], undefined);
}

for (const page of guides) {
  test(`${page}: what it says compiles, and its test passes`, () => {
    compiles(page);
    const tests = stepsOf(page)
      .map(({ path }) => path)
      .filter((path) => path.endsWith(".test.ts"));
    assert.ok(tests.length > 0, "a guide has a test");
    passes(tests);
    examplesHold(page);
  });
}

test("the sources with all guides done compile, are formatted, and pass the tests of the tree", () => {
  assert.deepEqual(complaints, []);
  assert.equal(copy.style(), "");
  passes(CHECKS.map((name) => `test/${name}.ts`));
});

test(`${OP}: the op runs on each engine as its formula says`, () => {
  compiles(OP);
  examplesHold(OP);
  const program = `
    import { grad, nn, stopEngine, tensor, useEngine } from "./build/src/index.js";
    for (const engine of ["reference", "wasm"]) {
      await useEngine(engine);
      const x = tensor([-1.5, 0, 3], { requiresGrad: true });
      const y = nn.functional.squaredRelu(x);
      const [first] = grad([y.sum()], [x], { createGraph: true });
      const [second] = grad([first.sum()], [x]);
      console.log(JSON.stringify([await y.tolist(), await first.tolist(), await second.tolist()]));
    }
    try {
      nn.functional.squaredRelu(tensor([1n]));
    } catch (error) {
      console.log(error.message);
    }
    await stopEngine();
  `;
  const run = copy.node(["--input-type=module", "--eval", program]);
  assert.equal(run.status, 0, run.stderr);
  const [reference, wasm, message] = run.stdout.trim().split("\n");
  assert.deepEqual(JSON.parse(reference), [
    [0, 0, 9],
    [0, 0, 6],
    [0, 0, 2],
  ]);
  assert.equal(wasm, reference);
  assert.match(message, /^squaredRelu: expected a floating-point input, got int64/);
});
