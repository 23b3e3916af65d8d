/**
 * A program that names everything public once, written from the package's entry by the compiler, and the places in it at
 * which an editor is asked what it shows.
 */
import { pathToFileURL } from "node:url";

/** A name in the program. */
export interface Place {
  /** As in `nn.Conv2d`, `x.sum`, or `nn.Conv2d({ kernelSize })`. */
  readonly name: string;
  /** Where it stands in the text. */
  readonly at: number;
  /** Of an option: whether it may be left out. Absent for what is not an option. */
  readonly isOptional?: boolean;
}

export interface EditorProgram {
  readonly text: string;
  readonly places: readonly Place[];
}

/** An argument that is an object of options: how many arguments stand before it and must stand behind it, its members. */
interface OptionsForm {
  readonly before: number;
  readonly behind: number;
  readonly members: readonly { readonly name: string; readonly isOptional: boolean }[];
}

/** What is written before the names: everything, a tensor, and what fits everywhere. */
const HEAD = (entry: string) => `import * as c from ${JSON.stringify(pathToFileURL(entry).pathname)};
const x = c.tensor([1]);
declare const _: never;
x;
`;

/** Writes the program. `ts` is the compiler's module (5.x), `folder` where the program will stand. */
export function editorProgram(
  ts: any,
  folder: string,
  entry: string,
  compilerOptions: object,
): EditorProgram {
  const file = `${folder}/names.ts`;
  const head = HEAD(entry);
  const host = ts.createCompilerHost(compilerOptions);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path: string) => path === file || fileExists(path);
  host.getSourceFile = (path: string, ...rest: unknown[]) =>
    path === file
      ? ts.createSourceFile(path, head, ts.ScriptTarget.ES2022, true)
      : getSourceFile(path, ...rest);
  const program = ts.createProgram([file], compilerOptions, host);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const [imported, tensor] = source.statements;

  let text = head;
  const places: Place[] = [];
  const write = (path: string, type: any) => {
    text += path;
    places.push({ name: path.replace(/^c\./, ""), at: text.length - path.split(".").at(-1)!.length });
    text += ";\n";
    for (const { before, behind, members } of formsOf(ts, checker, source, type)) {
      text += `${type.getCallSignatures().length > 0 ? "" : "new "}${path}(${"_, ".repeat(before)}{ `;
      for (const { name, isOptional } of members) {
        places.push({ name: `${path.replace(/^c\./, "")}({ ${name} })`, at: text.length, isOptional });
        text += `${name}: _, `;
      }
      text += `}${", _".repeat(behind)});\n`;
    }
  };

  const walk = (module: any, prefix: string) => {
    for (const exported of checker.getExportsOfModule(module)) {
      if (isTypeOnly(exported)) continue;
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & ts.SymbolFlags.ValueModule) walk(symbol, `${prefix}${exported.name}.`);
      else if (symbol.flags & ts.SymbolFlags.Value)
        write(prefix + exported.name, checker.getTypeOfSymbolAtLocation(symbol, source));
    }
  };
  walk(checker.getAliasedSymbol(checker.getSymbolAtLocation(imported.importClause.namedBindings.name)), "c.");
  const x = tensor.declarationList.declarations[0].name;
  for (const member of checker.getTypeAtLocation(x).getProperties()) {
    if (/^\w+$/.test(member.name))
      write(`x.${member.name}`, checker.getTypeOfSymbolAtLocation(member, source));
  }
  return { text, places };
}

/** Whether `export type { name } from` exports it: nothing that a program could use. */
function isTypeOnly({ declarations = [] }: any): boolean {
  return declarations.some((one: any) => one.isTypeOnly || one.parent?.parent?.isTypeOnly);
}

/** The forms of a call that take options: all by name, and behind as many arguments as must be given. */
function formsOf(ts: any, checker: any, source: any, type: any): OptionsForm[] {
  const found = new Map<number, OptionsForm>();
  // A list that collects the remaining arguments may be empty: none of it is what holds without it.
  const collected = new Set<string>();
  for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
    signature.parameters.forEach((parameter: any, i: number) => {
      const given = checker.getTypeOfSymbolAtLocation(parameter, source);
      if (parameter.valueDeclaration?.dotDotDotToken === undefined) {
        const behind = Math.max(0, (signature.minArgumentCount ?? 0) - i - 1);
        if (/^(?:options|settings|first)$/.test(parameter.name)) add(i, given, behind);
        return;
      }
      const tuples = given.isUnion() ? given.types : [given];
      const collects = tuples.some(
        (one: any) => checker.isArrayType(one) || one.target?.elementFlags?.includes(ts.ElementFlags.Rest),
      );
      for (const tuple of tuples) {
        const labels = tuple.target?.labeledElementDeclarations ?? [];
        const at = labels.findIndex((label: any) => label?.name.text === "options");
        if (at >= 0 && tuple.target.elementFlags[0] !== ts.ElementFlags.Rest) {
          const given = checker.getTypeArguments(tuple)[at];
          if (
            collects &&
            at === tuple.target.elementFlags.length - 1 &&
            (given.isIntersection() || given.getProperties().length === 1)
          )
            collected.add((given.isIntersection() ? given.types[0] : given).getProperties()[0]?.name);
          add(i + at, given);
        }
      }
    });
  }
  function add(before: number, given: any, behind = 0): void {
    for (const one of given.isUnion() ? given.types : [given]) {
      const isObject = one.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection);
      if (!isObject || one.isClass() || one.getStringIndexType() || one.getCallSignatures().length > 0)
        continue;
      const properties = one.getProperties();
      // What can be walked through is not an object of options.
      if (
        properties.length === 0 ||
        properties.some(({ name }: any) => !/^\w+$/.test(name) || name.startsWith("__@"))
      )
        continue;
      const members = properties.map(({ name, flags }: any) => ({
        name,
        isOptional: (flags & ts.SymbolFlags.Optional) !== 0,
      }));
      const known = found.get(before);
      if (known === undefined || known.members.length < members.length)
        found.set(before, { before, behind, members });
    }
  }
  // The longest object of all, and the first in which nothing must be given.
  const forms = [...found.values()]
    .sort((a, b) => a.before - b.before)
    .map((form) => ({
      ...form,
      members: form.members.map((one) => (collected.has(one.name) ? { ...one, isOptional: false } : one)),
    }));
  const free = forms.find(({ members }) =>
    members.every(({ name, isOptional }) => isOptional || collected.has(name)),
  );
  return forms.slice(0, 1).concat(free === undefined || free === forms[0] ? [] : [free]);
}
