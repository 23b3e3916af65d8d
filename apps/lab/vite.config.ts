/** How the Lab is bundled: a static folder that runs from any path of any host, with the library as users install it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const library = path("../../build/dist/page/");

/** The files of the package that one file needs, itself among them. */
function filesOf(name: string, without = "", found = new Set<string>()): Set<string> {
  const file = library + name;
  if (name === without || found.has(file)) return found;
  found.add(file);
  for (const [, next] of readFileSync(file, "utf8").matchAll(/from\s*"\.\/([^"]+)"/g))
    filesOf(next, without, found);
  return found;
}

/** Of the package what a worker begins with: its root entry without the formats of other programs, which exports load. */
const begin = filesOf("index.js", "onnx.js");
const begins = (file: string) => !file.startsWith(library) || begin.has(file);

/**
 * What the training worker needs to begin comes as one file: a chain of small ones that ask for each other delays the first
 * step. Workers that run code need all of the package.
 */
function beginsWithOneFile(): Plugin {
  const groups = [
    { name: "begin", tags: ["$initial" as const], test: begins, includeDependenciesRecursively: false },
  ];
  let runsCode = false;
  return {
    name: "begins-with-one-file",
    options({ input }) {
      runsCode = JSON.stringify(input).includes("/code_");
    },
    outputOptions: (output) => (runsCode ? output : { ...output, codeSplitting: { groups } }),
  };
}

/**
 * The training worker begins before the page's scripts are there: a small script starts it (first_worker.ts takes it), and is
 * the first that the page asks for.
 */
function startsWorkerFirst(): Plugin {
  return {
    name: "starts-worker-first",
    writeBundle({ dir }, bundle) {
      const worker = Object.keys(bundle).find((file) => /\/training_worker-[^/]*\.js$/.test(file));
      if (dir === undefined || worker === undefined) throw new Error("there is no training worker");
      const script =
        `const worker=new Worker(new URL("../${worker}",import.meta.url),{type:"module"});` +
        "worker.onerror=()=>{worker.hasFailed=true};globalThis.labWorker=worker;\n";
      const name = `assets/begin-${createHash("sha256").update(script).digest("hex").slice(0, 8)}.js`;
      writeFileSync(join(dir, name), script);
      const page = join(dir, "index.html");
      const tag = `<script type="module" async src="./${name}"></script>`;
      writeFileSync(page, readFileSync(page, "utf8").replace("<title>", `${tag}\n    <title>`));
    },
  };
}

export default defineConfig({
  root: path("./"),
  base: "./",
  resolve: {
    alias: [
      { find: /^convoyant$/, replacement: `${library}index.js` },
      { find: /^convoyant\/(.+)$/, replacement: `${library}$1.js` },
    ],
  },
  plugins: [startsWorkerFirst()],
  worker: { format: "es", plugins: () => [beginsWithOneFile()] },
  build: {
    outDir: path("../../build/lab"),
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
});
