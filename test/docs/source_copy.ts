/** A copy of the sources in a temporary folder, in which the steps of guides are done, compiled and tried. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compile } from "../architecture/compiler.ts";
import { readSource, root } from "../architecture/sources.ts";
import { exampleSources, fromSources } from "./guide_examples.ts";
import { type GuideStep, patched } from "./guide_steps.ts";

/** Tests of the whole tree that must pass with a guide's code in it. */
export const CHECKS = ["architecture/layers.test"];

export class SourceCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "convoyant-guides-"));
  /** Files that steps wrote or changed. */
  readonly touched = new Set<string>();
  /** Modules that run the examples of the comments that steps wrote, by the file that holds them. */
  readonly examples = new Map<string, string[]>();

  constructor() {
    for (const folder of ["src", "test", "scripts"]) {
      const source = join(root, folder);
      const fixtures = join(source, "fixtures");
      cpSync(source, join(this.folder, folder), { recursive: true, filter: (path) => path !== fixtures });
    }
    for (const path of ["node_modules", "test/fixtures"])
      symlinkSync(join(root, path), join(this.folder, path), "junction");
    // Kernels are compiled again only if a guide changes a source of theirs.
    cpSync(join(root, "build/inlined"), join(this.folder, "build/inlined"), { recursive: true });
    for (const path of ["package.json", "biome.json", ".gitignore", "NOTICES.md"])
      writeFileSync(join(this.folder, path), readSource(path));
    for (const path of ["test/docs/prelude.ts", "test/docs/check_claim.ts"])
      writeFileSync(join(this.folder, path), fromSources(readSource(path)));
  }

  /** Does one step of a guide. */
  take(step: GuideStep): void {
    const { path, kind, text } = step;
    if (kind === "quotation") {
      assert.ok(
        readSource(path).includes(text.trimEnd()),
        `${path} does not hold what the guide shows of it`,
      );
      return;
    }
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, kind === "diff" ? patched(readFileSync(file, "utf8"), text, path) : text);
    this.touched.add(path);
    const written = exampleSources(step).map((source, i) => {
      const name = `test/docs/example_of_${path.replace(/\W/g, "_")}_${i}`;
      writeFileSync(join(this.folder, `${name}.ts`), source);
      return name;
    });
    if (written.length > 0) this.examples.set(path, written);
  }

  /** Compiles the sources and the tests that were written; what the compiler says, line by line. */
  compile(): string[] {
    const options = JSON.parse(readSource("tsconfig.json"));
    const { tsBuildInfoFile: _, ...compilerOptions } = options.compilerOptions;
    const tests = [...this.touched].filter((path) => path.startsWith("test/") && path.endsWith(".ts"));
    const checks = [...CHECKS.map((name) => `test/${name}`), ...[...this.examples.values()].flat()];
    const config = {
      compilerOptions: { ...compilerOptions, rootDir: this.folder, incremental: false, declaration: false },
      include: ["src/**/*.ts", ...tests, ...checks.map((name) => `${name}.ts`)],
      exclude: options.exclude,
    };
    writeFileSync(join(this.folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout, stderr } = compile(this.folder);
    // An example may define what only shows how it is done.
    return (stdout + stderr)
      .split("\n")
      .filter((line) => line !== "" && !/^test\/docs\/example_of_.*TS6133/.test(line));
  }

  /** Compiles the kernels that guides change, as far as this Node.js runs them, and makes the bundles; what that complains of. */
  build(): string {
    const kept = ["late", "classic"];
    for (const name of kept) assert.ok(!this.touched.has(`src/engines/wasm/assembly/${name}.ts`), name);
    // Relaxed SIMD has come with Node.js 22.
    const without = Number.parseInt(process.versions.node, 10) < 22 ? ["relaxed", ...kept] : kept;
    const kernels = without.map((name) => `--without=${name}`);
    return [["scripts/build-kernels.mjs", ...kernels], ["scripts/bundle.mjs"]]
      .map((args) => this.node(args))
      .map(({ status, stdout, stderr }) => (status === 0 ? "" : stdout + stderr))
      .join("");
  }

  /** What `npm run check` says of the style of what was written. */
  style(): string {
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const args = ["check", "--error-on-warnings", "--colors=off", ...this.touched];
    const { status, stdout, stderr } = this.node([biome, ...args]);
    return status === 0 ? "" : stdout + stderr;
  }

  /** Runs Node.js in the copy. */
  node(args: readonly string[]): SpawnSyncReturns<string> {
    // A test that runs inside another's process would report to it.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    return spawnSync(process.execPath, args, { cwd: this.folder, encoding: "utf8", env });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
