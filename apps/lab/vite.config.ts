/** How the Lab is bundled: a static folder that runs from any path of any host, with the library as users install it. */
import { readFileSync } from "node:fs";
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

export default defineConfig({
  root: path("./"),
  base: "./",
  resolve: {
    alias: [
      { find: /^convoyant$/, replacement: `${library}index.js` },
      { find: /^convoyant\/(.+)$/, replacement: `${library}$1.js` },
    ],
  },
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
