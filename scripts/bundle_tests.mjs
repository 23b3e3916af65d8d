// Bundles the test files for a run of many: a bundle's few chunks load in half of the time that 500 modules take, in
// each of the processes that node:test starts. `node --test build/test/...` runs the same files as tsc wrote them.
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { joinChunks } from "./join_chunks.mjs";
import { root } from "./setup.mjs";

const tests = join(root, "build/test");
/** What joins several files in one process. */
const joining = "files_in_group.js";
/** What is in it lasts until the next run. */
export const bundleFolder = join(root, "build/bundled_tests");

/** A file that loads fewer chunks than this loads none of the others; one with all of the package loads 160. */
const LIGHT = 30;

/** Import modules of build/src by their paths, and must share them with what they import by name. */
const AS_COMPILED = [
  "docs/compatibility.test.js",
  // The Lab's code, which they import by path, imports the package by name.
  ...["bad_input", "check", "code", "exported_files", "experiment", "probes", "training", "workers"].map(
    (name) => `lab/${name}.test.js`,
  ),
];

/** `new URL("./program.js", import.meta.url)`: a script of build/test that a test starts as a process. */
const PROGRAM = /new URL\("(\.[^"]+\.js)", import\.meta\.url\)/g;

const isInside = (folder, path) => path.startsWith(folder + sep);

/** The programs of build/test that a module starts, as paths from there. */
function programsOf(path, text) {
  const found = [...text.matchAll(PROGRAM)].map(([, name]) => join(path, "..", name));
  return found.filter((program) => isInside(tests, program)).map((program) => relative(tests, program));
}

/** What a module of the bundle is to know as its address: that of the file that it was, beside what it looks for. */
function placed(path, text) {
  // The package's modules look for their workers' scripts, which are bundled already.
  const place = isInside(tests, path) ? path : join(root, "build/dist/node/index.js");
  const address = (file) => JSON.stringify(pathToFileURL(file).href);
  const withPrograms = text.replace(PROGRAM, (whole, name) => {
    const program = join(path, "..", name);
    return isInside(tests, program)
      ? `new URL(${address(join(bundleFolder, relative(tests, program)))})`
      : whole;
  });
  return withPrograms.replaceAll("import.meta.url", address(place));
}

const keepPlaces = {
  name: "keep-places",
  setup(build) {
    build.onLoad({ filter: /[\\/]build[\\/](src|test)[\\/].*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      return text.includes("import.meta.url") ? { contents: placed(path, text), loader: "js" } : undefined;
    });
  },
};

/** Bundles these files of build/test; resolves to the paths to run, in the same order. Throws what esbuild reports. */
export async function bundleTests(files) {
  const esbuild = await import("esbuild");
  const bundled = files.filter((file) => !AS_COMPILED.includes(file));
  if (bundled.length === 0) return files.map((file) => join("build/test", file));
  const programs = bundled.flatMap((file) => {
    const path = join(tests, file);
    return programsOf(path, readFileSync(path, "utf8"));
  });
  const work = `${bundleFolder}.${process.pid}`;
  const options = {
    platform: "node",
    target: "node20.19",
    packages: "external",
    // Not the paths of tsconfig.json: they lead from the package's name to its sources.
    tsconfigRaw: {},
    charset: "utf8",
    logLevel: "silent",
  };
  try {
    const { metafile } = await esbuild.build({
      ...options,
      conditions: ["node"],
      bundle: true,
      splitting: true,
      // Tests use nearly all of the package: looking for what each of them leaves out would take most of the time.
      treeShaking: false,
      format: "esm",
      entryPoints: [...new Set([...bundled, ...programs, joining])].map((file) => join(tests, file)),
      outbase: tests,
      outdir: work,
      chunkNames: "chunks/[hash]",
      plugins: [keepPlaces],
      metafile: true,
    });
    await joinChunks(esbuild, work, {
      metafile,
      whole: joining,
      isChunk: (file) => file.startsWith("chunks/"),
      light: (_, loaded) => loaded < LIGHT,
      options,
    });
    rmSync(bundleFolder, { recursive: true, force: true });
    renameSync(work, bundleFolder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const run = new Set(bundled);
  return files.map((file) => join(run.has(file) ? "build/bundled_tests" : "build/test", file));
}
