/** Every option that a public call takes is documented, and a documented default is the one that the code has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readSource, typescriptFiles } from "../architecture/sources.ts";

interface Member {
  readonly name: string;
  /** The text of its comment; empty without one. */
  readonly doc: string;
}
interface Documented {
  readonly name: string;
  readonly file: string;
  readonly extended: readonly string[];
  readonly members: readonly Member[];
}

/** The emitted declarations: what editors show. */
const declarations = typescriptFiles("build/src").filter((file) => file.endsWith(".d.ts"));

/** The interfaces that calls take, from the lines that the compiler emits: four spaces before each member. */
function interfacesOf(file: string): Documented[] {
  const found =
    /^export interface (\w+(?:Settings|Parameters|Options))(?: extends ([^{]+))? \{\n([\s\S]*?)^\}/gm;
  return [...readSource(file).matchAll(found)].map(([, name, extended = "", body]) => ({
    name,
    file,
    extended: [...extended.matchAll(/\w+(?:Settings|Parameters|Options|Switches)/g)].map(([one]) => one),
    members: [...body.matchAll(/(?:^ {4}\/\*\*([\s\S]*?)\*\/\n)?^ {4}(?:readonly )?(\w+)\??(?=[:(<])/gm)].map(
      ([, doc = "", member]) => ({ name: member, doc: doc.replace(/\s*\n\s*\* ?/g, " ").trim() }),
    ),
  }));
}

const interfaces = declarations.flatMap(interfacesOf);
/** Interfaces whose tables make a public call: the type arguments of `parameterTable`, `optimizerTable`, `defineCall` and their kin. */
const called = new Set<string>();
const sources = typescriptFiles("src").map((file) => ({ file, text: readSource(file) }));
for (const { text } of sources) {
  for (const [, name] of text.matchAll(
    /\b(?:parameterTable|optimizerTable|defineCall|defineTransform|initializer)<(\w+)[^>]*>\([\w"]+\)/g,
  ))
    called.add(name);
}

/** Its own members and those of the interfaces that it extends. */
function allMembers(of: Documented): readonly Member[] {
  const above = of.extended.flatMap((name) => {
    const found = interfaces.find((one) => one.name === name && one.file === of.file);
    const base = found ?? interfaces.find((one) => one.name === name);
    return base === undefined ? [] : allMembers(base);
  });
  return [...of.members, ...above.filter(({ name }) => !of.members.some((own) => own.name === name))];
}

test("the interfaces of public calls are found", () => {
  for (const name of ["LinearSettings", "AdamSettings", "ResizeSettings", "LinearParameters", "StepSettings"])
    assert.ok(called.has(name) && interfaces.some((one) => one.name === name), name);
  assert.ok(called.size > 100, `${called.size} tables`);
});

test("every option of a public call has a comment", () => {
  const bare = interfaces
    .filter(({ name }) => called.has(name))
    .flatMap((one) =>
      allMembers(one)
        .filter(({ doc }) => doc === "")
        .map((member) => `${one.name}.${member.name} (${one.file})`),
    );
  assert.deepEqual(bare, []);
});

/** Parameters with their defaults, `name = value`, of the function that a table calls. */
function defaultsOf(parameters: string): Map<string, string> {
  const found = new Map<string, string>();
  let depth = 0;
  let start = 0;
  const add = (text: string) => {
    const match = /^\s*(\w+)(?:\?)?(?:: [^=]*)? = ([\s\S]+?),?\s*$/.exec(text);
    if (match !== null) found.set(match[1], match[2].trim());
  };
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i] === '"') i = parameters.indexOf('"', i + 1);
    else if ("([{".includes(parameters[i])) depth++;
    else if (")]}".includes(parameters[i])) depth--;
    else if (parameters[i] === "," && depth === 0) {
      add(parameters.slice(start, i));
      start = i + 1;
    }
  }
  add(parameters.slice(start));
  return found;
}

/** The text within the bracket that opens at `open`. */
function within(text: string, open: number): string {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if ("([{".includes(text[i])) depth++;
    else if (")]}".includes(text[i]) && --depth === 0) return text.slice(open + 1, i);
  }
  return "";
}

/** The tables of a source: interface, and the defaults of the function behind the list of names. */
function tablesOf(text: string): { readonly name: string; readonly defaults: Map<string, string> }[] {
  const start =
    /\b(?:parameterTable|optimizerTable|defineCall|defineTransform|initializer)<(\w+)[^>]*>\([\w"]+\)\(/g;
  return [...text.matchAll(start)].flatMap((match) => {
    const [, name] = match;
    const call = within(text, match.index + match[0].length - 1);
    // A parameter that collects arguments is an empty list without any: nothing to document.
    const list = /^\s*[^[(]*\[([^\]]*)\](?: as const)?,\s*(?:async )?\(/.exec(call);
    if (list === null) return [];
    const defaults = defaultsOf(within(call, list[0].length - 1));
    for (const [, variadic] of list[1].matchAll(/"\*+(\w+)/g)) defaults.delete(variadic);
    return [{ name, defaults }];
  });
}

/** Both as the same text: `1e-2` and `0.01`, `"a"` and `'a'`. */
function normal(value: string): string {
  const number = /^-?[\d.]+(?:e-?\d+)?$/.test(value) ? String(Number(value)) : value;
  return number.replace(/\s+/g, " ").replace(/'/g, '"');
}

/** Of `1; 0 in \`MarginRankingLoss\`` both: one interface may serve two calls. */
const alternatives = (said: string) =>
  said.split(";").map((one) => normal(one.replace(/ in `.*$/, "").trim()));

test("documented defaults are those of the functions", () => {
  const wrong: string[] = [];
  let compared = 0;
  for (const { file, text } of sources) {
    for (const { name, defaults } of tablesOf(text)) {
      const declared = interfaces.find(
        (one) => one.name === name && one.file.endsWith(file.replace(/\.ts$/, ".d.ts")),
      );
      const of = declared ?? interfaces.find((one) => one.name === name);
      if (of === undefined) continue;
      for (const { name: member, doc } of allMembers(of)) {
        const value = defaults.get(member);
        const said = /@default (.*)$/.exec(doc)?.[1];
        // The value of a constant is not read here.
        if (value === undefined || (/^[A-Za-z]\w*$/.test(value) && !/^(?:true|false|null)$/.test(value)))
          continue;
        compared++;
        if (said === undefined) wrong.push(`${name}.${member}: no @default, the code has ${value} (${file})`);
        else if (!alternatives(said).includes(normal(value)))
          wrong.push(`${name}.${member}: @default ${said}, the code has ${value} (${file})`);
      }
    }
  }
  assert.ok(compared > 150, `${compared} defaults compared`);
  assert.deepEqual(wrong, []);
});
