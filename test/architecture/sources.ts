import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root, seen from build/test/architecture. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** One import statement, export-from statement or import() call. */
export interface Import {
  readonly specifier: string;
  /** Erased when compiled: `import type`, or `import("x").Type` in a type. */
  readonly typeOnly: boolean;
  /** Loaded only when the line runs: `await import("x")`. */
  readonly dynamic: boolean;
}

/** TypeScript files below `folder` of the repository, as paths relative to the root with forward slashes. */
export function typescriptFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => `${folder}/${String(path).replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .sort();
}

const statements = /^(import|export)\s+(type\s)?[\w$\s{},*]*?from\s+"([^"]+)"/gm;
const bareImports = /^import\s+"([^"]+)"/gm;
const calls = /(\b(?:await|return|=>|=|\()\s*)?\bimport\(\s*(?:\/\*.*?\*\/\s*)?"([^"]+)"\s*\)/g;

/** The imports in a source text; comments don't count. */
export function importsIn(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const found: Import[] = [];
  for (const [, , type, specifier] of code.matchAll(statements)) {
    found.push({ specifier, typeOnly: type !== undefined, dynamic: false });
  }
  for (const [, specifier] of code.matchAll(bareImports)) {
    found.push({ specifier, typeOnly: false, dynamic: false });
  }
  for (const [, before, specifier] of code.matchAll(calls)) {
    found.push({ specifier, typeOnly: before === undefined, dynamic: true });
  }
  return found;
}

/** The text of a file of the repository. */
export function readSource(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The conditions under which package.json's `imports` name another module. */
export type Platform = "browser" | "default";

const platformImports: Readonly<Record<string, string | Record<Platform, string>>> = JSON.parse(
  readSource("package.json"),
).imports;

/**
 * The source that an import of the file leads to; undefined for a package, a module of Node.js, and what the build
 * generates.
 */
export function importedSource(file: string, specifier: string, platform: Platform): string | undefined {
  if (specifier.startsWith("#")) {
    const target = platformImports[specifier] ?? platformImports[specifier.replace(/\/.*$/, "/*")];
    if (target === undefined) throw new Error(`${file}: package.json's imports lack ${specifier}`);
    const path = typeof target === "string" ? target : target[platform];
    return path.startsWith("./build/src/")
      ? path.slice("./build/".length).replace(/\.js$/, ".ts")
      : undefined;
  }
  return specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : undefined;
}

/** Every source that an entry reaches, now or later (import()), and itself. */
export function reachedFrom(entry: string, platform: Platform, reached = new Set<string>()): Set<string> {
  if (reached.has(entry)) return reached;
  reached.add(entry);
  for (const { specifier, typeOnly } of importsIn(readSource(entry))) {
    const target = typeOnly ? undefined : importedSource(entry, specifier, platform);
    if (target !== undefined) reachedFrom(target, platform, reached);
  }
  return reached;
}
