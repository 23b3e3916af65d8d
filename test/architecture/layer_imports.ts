/** The layers of src, and the imports between them as the sources have them. */
import { importedSource, importsIn, readSource, typescriptFiles } from "./sources.ts";

/** The layers, from the bottom up. A layer imports from itself, and from the layers below. */
export const layers: readonly (readonly string[])[] = [
  ["base"],
  ["workers", "records"],
  ["engines"],
  ["graph"],
  ["ops"],
  ["compiler"],
  ["runtime"],
  ["tensor"],
  ["nn", "optim", "data", "io"],
  // Drawings stand beside training: the report of a run has one of its network.
  ["train", "report", "models", "book", "interop", "draw"],
  // What is built on networks, and beside them: hand-made features, what a network has learned, classifiers; training on several machines.
  ["classic", "look", "classifier", "distributed"],
  // The files that stand in src itself: the package's public entries.
  ["src", "entries"],
  ["experiments", "install", "ship", "serve", "lab"],
  ["cli"],
];

/** Compiled by AssemblyScript, which has its own modules and rules. */
const assembly = "src/engines/wasm/assembly/";

export const sources = typescriptFiles("src").filter((path) => !path.startsWith(assembly));

/** The layer of src/<layer>/...; "src" for what stands in src itself (index.ts). */
export function layerOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? parts[1] : "src";
}

/** Pairs of layers [from, to] with the file that imports, for every import that leaves its layer. */
export function crossings(): { from: string; to: string; file: string; specifier: string }[] {
  const found = [];
  for (const file of sources) {
    const from = layerOf(file);
    for (const { specifier } of importsIn(readSource(file))) {
      for (const platform of ["default", "browser"] as const) {
        const target = importedSource(file, specifier, platform);
        if (target === undefined) continue;
        const to = target.startsWith("src/") ? layerOf(target) : "outside src";
        if (to !== from) found.push({ from, to, file, specifier });
      }
    }
  }
  return found;
}
