/** A copy of the build in which every function reports that it was entered. */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type AnyNode, parse } from "acorn";
import { root } from "../sources.ts";

/** What every file of the copy imports: `recorder.ts`, as it was compiled. */
const RECORDER = pathToFileURL(join(root, "build/test/architecture/conv2d_route/recorder.js")).href;

/** A function, and the numbers of its body's lines. */
export interface SourceFunction {
  readonly file: string;
  readonly lines: readonly number[];
}

/**
 * Copies a repository's `build/src` to a folder, with a call of `enter` at the start of each function.
 *
 * @returns each function, by the number that `enter` is called with.
 */
export function instrumentedCopy(repository: string, to: string): SourceFunction[] {
  const functions: SourceFunction[] = [];
  const from = join(repository, "build/src");
  for (const path of readdirSync(from, { recursive: true }).map(String)) {
    if (path.endsWith(".wasm") || path.endsWith("package.json")) {
      cpSync(join(from, path), join(to, "build/src", path));
    } else if (path.endsWith(".js")) {
      const file = path.replaceAll("\\", "/").replace(/\.js$/, ".ts");
      const number = (lines: number[]) => functions.push({ file, lines }) - 1;
      const text = instrumented(readFileSync(join(from, path), "utf8"), number);
      mkdirSync(dirname(join(to, "build/src", path)), { recursive: true });
      writeFileSync(join(to, "build/src", path), text);
    }
  }
  cpSync(join(repository, "build/inlined"), join(to, "build/inlined"), { recursive: true });
  cpSync(join(repository, "package.json"), join(to, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(to, "node_modules"));
  return functions;
}

/** A module's text with the calls; `number` gives the function in these lines its number. */
export function instrumented(text: string, number: (lines: number[]) => number): string {
  const added: { readonly at: number; readonly text: string }[] = [];
  const module = parse(text, { ecmaVersion: 2022, sourceType: "module", preserveParens: true });
  for (const { body } of functionsIn(module)) {
    const call = `__enter(${number(linesIn(text, body.start, body.end))})`;
    if (body.type === "BlockStatement") {
      added.push({ at: body.start + 1, text: `${call};` });
    } else {
      added.push({ at: body.start, text: `(${call},` }, { at: body.end, text: ")" });
    }
  }
  let result = `import { enter as __enter } from ${JSON.stringify(RECORDER)};`;
  let done = 0;
  for (const { at, text: call } of added.sort((a, b) => a.at - b.at)) {
    result += text.slice(done, at) + call;
    done = at;
  }
  return result + text.slice(done).replace(/\/\/# sourceMappingURL=.*/, "");
}

/** Numbers of the lines of a part of a text that hold more than brackets. */
export function linesIn(text: string, start: number, end: number): number[] {
  const first = text.slice(0, start).split("\n").length;
  const lines = text.slice(start, end).split("\n");
  return lines.flatMap((line, i) => (/\w/.test(line) ? [first + i] : []));
}

type FunctionNode = Extract<AnyNode, { body: AnyNode; params: unknown }>;

/** Every function, method, constructor and arrow function, whatever holds it. */
function functionsIn(node: object, found: FunctionNode[] = []): FunctionNode[] {
  if (/Function(?:Expression|Declaration)$/.test((node as AnyNode).type)) found.push(node as FunctionNode);
  for (const child of Object.values(node).flat()) {
    if (typeof child === "object" && child !== null && "type" in child) functionsIn(child, found);
  }
  return found;
}
