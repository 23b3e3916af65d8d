// Bundles the test files for a run of many: a bundle's few chunks load in half of the time that 500 modules take, in
// each of the processes that node:test starts. `node --test build/test/...` runs the same files as tsc wrote them.
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { NODE } from "./bundle.mjs";
import { root } from "./setup.mjs";

const tests = join(root, "build/test");
const output = join(root, "build/bundled_tests");

/** Import modules of build/src by their paths, and must share them with what they import by name. */
const AS_COMPILED = ["docs/compatibility.test.js"];

/** Modules find what lies beside them as before: a test its fixtures, the package its workers' bundled scripts. */
const keepPlaces = {
  name: "keep-places",
  setup(build) {
    build.onLoad({ filter: /[\\/]build[\\/](src|test)[\\/].*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const place = path.startsWith(tests + sep) ? path : join(root, "build/dist/node/index.js");
      return {
        contents: text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(place).href)),
        loader: "js",
      };
    });
  },
};

/** Bundles these files of build/test; resolves to the paths to run, in the same order. Throws what esbuild reports. */
export async function bundleTests(files) {
  const esbuild = await import("esbuild");
  const bundled = files.filter((file) => !AS_COMPILED.includes(file));
  const work = `${output}.${process.pid}`;
  try {
    await esbuild.build({
      ...NODE,
      bundle: true,
      splitting: true,
      format: "esm",
      entryPoints: bundled.map((file) => join(tests, file)),
      outbase: tests,
      outdir: work,
      chunkNames: "chunks/[hash]",
      plugins: [keepPlaces],
      charset: "utf8",
      logLevel: "silent",
    });
    rmSync(output, { recursive: true, force: true });
    renameSync(work, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const run = new Set(bundled);
  return files.map((file) => join(run.has(file) ? "build/bundled_tests" : "build/test", file));
}
