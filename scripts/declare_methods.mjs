// Declares the methods of Tensor one by one, each with the comment of its function.
//
// The sources derive their types from the functions (src/tensor/methods.ts), and no editor finds a comment behind such a
// type. So what tsc wrote to build/src/tensor/methods.d.ts gets a member for every name of src/tensor/method_names.ts.
// The derived types stay beside them: a member that did not fit its function would not compile.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./setup.mjs";

const folder = join(root, "build/src/tensor");
const target = join(folder, "methods.d.ts");

const COMMENT = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n$/;

/** The names in braces of an import or export: what each is called here, and there. */
function* entriesOf(list) {
  for (const entry of list.split(",")) {
    const [there, here = there] = entry
      .trim()
      .replace(/^type /, "")
      .split(" as ");
    if (there !== "") yield { here, there };
  }
}

/** The comment of what a module declares, imports or passes on under a name; null for none. */
function commentOf(file, name) {
  const text = readFileSync(file, "utf8");
  const beside = (specifier) => join(dirname(file), specifier.replace(/\.ts$/, ".d.ts"));
  const own = commentBefore(text, name);
  if (own !== null) return own;
  for (const [, , list, from] of text.matchAll(/^(import|export) \{([^}]*)\}(?: from "([^"]+)")?/gm)) {
    for (const { here, there } of entriesOf(list)) {
      if (here === name && (from !== undefined || there !== name))
        return commentOf(from === undefined ? file : beside(from), there);
    }
  }
  for (const [, from] of text.matchAll(/^export \* from "([^"]+)"/gm)) {
    const found = commentOf(beside(from), name);
    if (found !== null) return found;
  }
  return null;
}

/** The comment in front of a declaration. */
function commentBefore(text, name) {
  const at = text.search(new RegExp(`^(?:export )?declare (?:const|function) ${name}\\b`, "m"));
  return at < 0 ? null : (COMMENT.exec(text.slice(0, at))?.[0] ?? null);
}

/** The comment's lines without the frame, and without the argument that a method has before the dot. */
function linesOf(comment) {
  const lines = comment
    .trim()
    .slice(3, -2)
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  const kept = [];
  let isInput = false;
  for (const line of lines.join("\n").trim().split("\n")) {
    // What belongs to a tag goes on until the next one.
    if (line.startsWith("@")) isInput = /^@param input\b/.test(line);
    if (!isInput) kept.push(line);
  }
  return kept;
}

function member(name, type, lines) {
  return [
    "        /**",
    ...lines.map((line) => `         * ${line}`.trimEnd()),
    "         */",
    `        ${name}: ${type};`,
  ];
}

/** Writes the members, again after each run of tsc. Throws if a function has no comment. */
export async function declareMethods() {
  const names = await import(`${pathToFileURL(join(folder, "method_names.js"))}?${Date.now()}`);
  const lines = [];
  const add = (module, of, list, write) => {
    for (const name of list) {
      const comment = commentOf(join(folder, module), name);
      if (comment === null) throw new Error(`${name} has no comment that its method could show`);
      write(name, `Method<(typeof ${of})["${name}"]>`, linesOf(comment));
    }
  };
  const plain = (name, type, comment) => lines.push(...member(name, type, comment));
  add("functions/index.d.ts", "functions", names.METHOD_NAMES, plain);
  add("random.d.ts", "random", names.RANDOM_METHOD_NAMES, plain);
  add("functions/index.d.ts", "functions", names.IN_PLACE_NAMES, (name, type, comment) => {
    const first = `Puts what \`${name}\` gives in the tensor's place, and returns the tensor.`;
    // The example shows the function: it stands there and with the method of that name.
    const example = comment.indexOf("@example");
    const kept = example < 0 ? comment : comment.slice(0, example);
    lines.push(...member(`${name}_`, type, [first, "", ...kept.join("\n").trimEnd().split("\n")]));
  });
  const text = readFileSync(target, "utf8");
  const head = /^ {4}interface Tensor extends Methods, InPlaceMethods \{\n/m.exec(text);
  if (head === null) throw new Error(`${target} has no place for the members`);
  const start = head.index + head[0].length;
  const begin = "        // From the functions, by scripts/declare_methods.mjs.\n";
  const end = "        // Until here.\n";
  const rest = text.slice(start);
  const behind = rest.startsWith(begin) ? rest.slice(rest.indexOf(end) + end.length) : rest;
  writeFileSync(target, `${text.slice(0, start)}${begin}${lines.join("\n")}\n${end}${behind}`);
  return lines.length;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await declareMethods();
