/**
 * What an editor shows of everything public: functions, layers, optimisers, schedulers, data, training, methods of
 * Tensor, and every option of each. The names are not listed here: the compiler reads them from the package's entry.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openWorkspace } from "../bundlers/workspace.ts";
import { type EditorProgram, editorProgram } from "./editor_program.ts";
import { LanguageServer } from "./language_server.ts";
import { root } from "./sources.ts";

const workspace = openWorkspace();
const missing = "missing" in workspace ? workspace.missing : false;

/** Words that say what holds without an option, or that another one takes its place. */
const DEFAULT =
  /default|without (?:it|one)|null for|left out|no effect|changes nothing|in place of|instead of|takes the place|this or|nothing if/i;

describe("an editor's documentation", { skip: missing }, () => {
  const folder = mkdtempSync(join(tmpdir(), "editor-"));
  const file = join(folder, "names.ts");
  const entry = join(root, "build/src/index.js");
  const settings = {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: [],
  };
  let ts: any;
  let program: EditorProgram;
  let options: object;

  before(() => {
    const config = { compilerOptions: { ...settings, strict: true, noEmit: true, skipLibCheck: true } };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, files: ["names.ts"] }));
    ts = createRequire(import.meta.url)(
      join((workspace as { folder: string }).folder, "node_modules/typescript57"),
    );
    options = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, folder).options;
    program = editorProgram(ts, folder, entry, options);
    writeFileSync(file, program.text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("TypeScript 5's language service: every name and every option", (t) => {
    const service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [file],
      getScriptVersion: () => "1",
      getScriptSnapshot: (path: string) => {
        const text = path === file ? program.text : ts.sys.readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => folder,
      getDefaultLibFileName: (given: object) => ts.getDefaultLibFilePath(given),
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
    });
    const bare: string[] = [];
    const withoutDefault = new Set<string>();
    let optionCount = 0;
    for (const { name, at, isOptional } of program.places) {
      let info = service.getQuickInfoAtPosition(file, at);
      // Where a tensor may stand as well, its `dim()` and the option `dim` are one to quick info, but not to completions.
      if (isOptional !== undefined && !info?.documentation?.length) {
        const option = /\w+(?= \}\)$)/.exec(name)?.[0];
        info = service.getCompletionEntryDetails(file, at, option, {}, undefined, {}, undefined);
      }
      const words = ts.displayPartsToString(info?.documentation).trim();
      const tags: string[] = (info?.tags ?? []).map((tag: any) => `@${tag.name}`);
      if (words === "") bare.push(name);
      else if (isOptional && !DEFAULT.test(`${words} ${tags.join(" ")}`))
        withoutDefault.add(`${name}: ${words}`);
      if (isOptional !== undefined) optionCount++;
    }
    const names = program.places.length - optionCount;
    t.diagnostic(`${names} names and ${optionCount} options, ${bare.length} without documentation`);
    assert.ok(names > 1000 && optionCount > 1500, `${names} names and ${optionCount} options`);
    assert.deepEqual(bare, []);
    assert.deepEqual([...withoutDefault], []);
  });

  test("TypeScript 7's language server: every name", async (t) => {
    const server = await LanguageServer.start(folder, "names.ts", program.text);
    try {
      // Not the options: this version finds no comment behind `Pick` (newer ones do).
      const names = program.places.filter(({ isOptional }) => isOptional === undefined);
      const shown = await server.hover(names.map(({ at }) => at));
      const bare = names.filter((_, i) => shown[i].replace(/```[\s\S]*?```/, "").trim() === "");
      t.diagnostic(`${names.length} names, ${bare.length} without documentation`);
      assert.deepEqual(
        bare.map(({ name }) => name),
        [],
      );
    } finally {
      server.stop();
    }
  });
});
