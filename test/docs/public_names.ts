/** The public API as its sources declare it: every function, class and constant with its documentation. */
import { posix } from "node:path";
import { readSource } from "../architecture/sources.ts";

/** One exported value. */
export interface PublicName {
  /** As a user writes it: `relu`, `nn.Conv2d`, `optim.lrScheduler.StepLR`. */
  readonly path: string;
  readonly file: string;
  /** Name of the declaration in its file. */
  readonly local: string;
  /** Line of the comment, or of the declaration if it has none. */
  readonly line: number;
  /** The text of the documentation comment without its frame; empty if there is none. */
  readonly doc: string;
}

type Export = { readonly local: string } | { readonly from: string; readonly name: string };

interface ModuleExports {
  readonly names: Map<string, Export>;
  readonly namespaces: Map<string, string>;
  readonly stars: string[];
}

const modules = new Map<string, ModuleExports>();

/** The values that a module exports, those of its namespaces included, each once. */
export function publicNames(file: string, prefix = "", seen = new Set<string>()): PublicName[] {
  const { names, namespaces, stars } = moduleExports(file);
  const found: PublicName[] = [];
  for (const name of names.keys()) {
    const declaration = resolve(file, name);
    if (declaration === undefined || seen.has(`${declaration.file} ${declaration.local}`)) continue;
    seen.add(`${declaration.file} ${declaration.local}`);
    found.push({ path: prefix + name, ...declaration });
  }
  for (const star of stars) found.push(...publicNames(star, prefix, seen));
  for (const [name, target] of namespaces) found.push(...publicNames(target, `${prefix}${name}.`, seen));
  return found;
}

/** The sources of the package's entries, by the path that a program imports: "." and "./nn". */
export function entrySources(): Map<string, string> {
  const { exports } = JSON.parse(readSource("package.json")) as {
    exports: Record<string, { types?: string }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([path, { types }]) =>
      types === undefined ? [] : [[path, types.replace("./build/", "").replace(/\.d\.ts$/, ".ts")]],
    ),
  );
}

/** The values that any entry exports, each once. */
export function allPublicNames(): PublicName[] {
  const seen = new Set<string>();
  return [...entrySources().values()].flatMap((file) => publicNames(file, "", seen));
}

function moduleExports(file: string): ModuleExports {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const code = readSource(file).replace(/\/\*\*?[\s\S]*?\*\//g, "");
  const beside = (specifier: string) => posix.join(posix.dirname(file), specifier);
  const exports: ModuleExports = { names: new Map(), namespaces: new Map(), stars: [] };
  for (const [, as, from] of code.matchAll(/^export \* (?:as (\w+) )?from "([^"]+)"/gm)) {
    if (as === undefined) exports.stars.push(beside(from));
    else exports.namespaces.set(as, beside(from));
  }
  for (const [, list, from] of code.matchAll(/^export \{([^}]*)\}(?: from "([^"]+)")?/gm)) {
    for (const entry of list.split(",").map((text) => text.trim())) {
      if (entry === "" || entry.startsWith("type ")) continue;
      const [name, as = name] = entry.split(" as ");
      exports.names.set(as, from === undefined ? { local: name } : { from: beside(from), name });
    }
  }
  const declarations = /^export (?:async )?(?:abstract )?(?:function\*?|class|const) (\w+)/gm;
  for (const [, name] of code.matchAll(declarations)) exports.names.set(name, { local: name });
  modules.set(file, exports);
  return exports;
}

/** Where an exported value is declared, and its documentation. Types have no declaration in this sense. */
function resolve(file: string, name: string): Omit<PublicName, "path"> | undefined {
  const { names, stars } = moduleExports(file);
  const found = names.get(name);
  if (found !== undefined)
    return "local" in found ? declarationIn(file, found.local) : resolve(found.from, found.name);
  for (const star of stars) {
    const below = resolve(star, name);
    if (below !== undefined) return below;
  }
  return undefined;
}

function declarationIn(file: string, local: string): Omit<PublicName, "path"> | undefined {
  const text = readSource(file);
  const declaration = new RegExp(
    `^(?:export )?(?:async )?(?:abstract )?(?:function\\*?|class|const) ${local}\\b`,
    "m",
  );
  const at = declaration.exec(text)?.index;
  if (at === undefined) return undefined;
  const before = text.slice(0, at);
  const start = before.trimEnd().endsWith("*/") ? before.lastIndexOf("/**") : -1;
  const lineOf = (index: number) => text.slice(0, index).split("\n").length;
  if (start < 0) return { file, local, line: lineOf(at), doc: "" };
  return { file, local, line: lineOf(start), doc: unframed(before.slice(start)) };
}

/** A comment's text without the slashes and stars around it. */
function unframed(comment: string): string {
  return comment
    .trim()
    .slice(3, -2)
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}

/** Members of a class or interface that users see and that no comment describes. Overrides and overloads are. */
export function undocumentedMembers(file: string, type: string): string[] {
  const lines = readSource(file).split("\n");
  const start = lines.findIndex((line) =>
    new RegExp(`^(?:export )?(?:abstract )?(?:class|interface) ${type}\\b`).test(line),
  );
  if (start < 0) throw new Error(`${file} declares no ${type}`);
  const end = lines.indexOf("}", start);
  const described = new Set<string>();
  const bare: string[] = [];
  for (let i = start + 1; i < end; i++) {
    const name = /^ {2}(?:(?:static|async|readonly|abstract|declare|get) )*\*?(\w+)\??[(<:=;]/.exec(
      lines[i],
    )?.[1];
    if (name === undefined || name === "constructor" || name === "new" || described.has(name)) continue;
    if (lines[i - 1].trimEnd().endsWith("*/")) described.add(name);
    else bare.push(name);
  }
  return bare;
}
