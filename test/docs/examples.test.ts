/** Every code block of the documentation is compiled, and run if it can be. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as convoyant from "convoyant";
import { compile } from "../architecture/compiler.ts";
import { root } from "../architecture/sources.ts";
import { type CodeBlock, examplesOf, markdownBlocks } from "./code_blocks.ts";
import { exampleModule } from "./example_module.ts";
import * as preludes from "./prelude.ts";
import { allPublicNames } from "./public_names.ts";

/** Documents whose blocks are code for users; what contributors write is tried by `guides.test.ts`. */
const documents = [
  ...["README.md", "README.zh.md"].filter((name) => existsSync(join(root, name))),
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md") && name !== "adding-an-op.md")
    .map((name) => `docs/${name}`),
];

const blocks = [...allPublicNames().flatMap(examplesOf), ...documents.flatMap(markdownBlocks)];
const files = [...new Set(blocks.map(({ file }) => file))].sort();

function preludeOf(file: string): keyof typeof preludes {
  return /^src\/(?:data|train|models|book|io)\/|\.md$/.test(file) ? "images" : "vectors";
}

mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build", "examples-"));
const built = relative(folder, join(root, "build/test/docs")).replaceAll("\\", "/");
const nameOf = (block: CodeBlock) =>
  `${block.file.replace(/\W/g, "_")}_${block.line}_${blocks.indexOf(block)}`;
let complaints = "";

before(() => {
  const exported = Object.keys(convoyant);
  for (const block of blocks) {
    const maker = preludeOf(block.file);
    const names = Object.keys(preludes[maker]());
    const source = exampleModule(block, { exported, prelude: { maker, names } }, built);
    writeFileSync(join(folder, `${nameOf(block)}.ts`), source);
  }
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    lib: ["es2023", "dom", "dom.iterable"],
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    strict: true,
    skipLibCheck: true,
    rootDir: ".",
    outDir: ".",
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["*.ts"], exclude: [] }),
  );
  const result = compile(folder);
  complaints = result.stdout + result.stderr;
  // Examples write files where they are.
  process.chdir(folder);
});

after(async () => {
  await convoyant.stopEngine();
  process.chdir(root);
  rmSync(folder, { recursive: true, force: true });
});

test("no block that is run reaches for data sets that may not be there", () => {
  const reaching = blocks.filter(
    ({ runs, code }) =>
      runs && /\b(?:fashionMnistLoaders|mnistLoaders|FashionMNIST|MNIST|openDataset)\(/.test(code),
  );
  assert.deepEqual(
    reaching.map(({ file, line }) => `${file}:${line}: mark it no-run`),
    [],
  );
});

describe("code blocks of the documentation", () => {
  for (const file of files) {
    const own = blocks.filter((block) => block.file === file);
    test(`${file}: ${own.length}`, async () => {
      const problems: string[] = [];
      for (const block of own) problems.push(...(await problemsOf(block)));
      assert.equal(problems.length, 0, problems.join("\n"));
    });
  }
});

/** What the compiler says of a block, else what running it throws. */
async function problemsOf(block: CodeBlock): Promise<string[]> {
  const place = `${block.file}:${block.line} ${block.of}`;
  const name = nameOf(block);
  const lines = complaints.split("\n").filter((line) => line.startsWith(`${name}.ts(`));
  if (lines.length > 0) return lines.map((line) => `${place}: ${line.replace(/^.*?: error /, "")}`);
  const compiled = join(folder, `${name}.js`);
  if (!existsSync(compiled)) return [`${place}: not compiled. ${complaints}`];
  if (!block.runs) return [];
  try {
    convoyant.manualSeed(0);
    await quietly(() => import(pathToFileURL(compiled).href));
    return [];
  } catch (error) {
    return [`${place}: ${(error as Error).name}: ${(error as Error).message}`];
  }
}

/** Examples print; here the output is dropped. */
async function quietly(body: () => Promise<unknown>): Promise<void> {
  const { log } = console;
  console.log = () => {};
  try {
    await body();
  } finally {
    console.log = log;
  }
}
