// A typedoc plugin: shows a call that a parameter table makes as it is written, `conv2d(input, weight, bias?,
// stride = 1, ...)`, with the documentation and default of each parameter. Without it typedoc prints the types that the
// call is derived from.
import {
  Comment,
  Converter,
  DeclarationReflection,
  ParameterReflection,
  ReferenceType,
  ReflectionFlag,
  ReflectionKind,
  SignatureReflection,
} from "typedoc";
import ts from "typescript";

/** What may be declared by a table. */
const SHOWN =
  ReflectionKind.Variable | ReflectionKind.Function | ReflectionKind.Property | ReflectionKind.Method;

/** @param {import("typedoc").Application} app */
export function showCalls(app) {
  /** What was found while typedoc read the types, to be shown when it has read all: reflection -> call. */
  const calls = new Map();
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    const symbol = context.getSymbolFromReflection(reflection);
    // A type has the symbol of the value that has its name.
    if (symbol === undefined || !reflection.kindOf(SHOWN)) return;
    const type = context.checker.getTypeOfSymbol(symbol);
    const call = callOf(context.checker, type);
    if (call !== undefined) calls.set(reflection, converted(context, reflection, call));
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kind === ReflectionKind.TypeAlias) describeMade(context, reflection);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const [reflection, call] of calls) show(context.project, reflection, call);
    spellInSnakeCase(context.project);
    const shown = calls.size;
    app.logger.info(`${shown} calls are shown with the parameters of their tables`);
    calls.clear();
  });
}

/** The parameters of a call, and the type of its result; undefined for what no table makes. */
function callOf(checker, type) {
  const direct = tableCall(checker, type);
  if (direct !== undefined) return direct;
  const call = type.getCallSignatures().at(-1);
  // A class that is called without `new`: its constructor has the parameters.
  const signature = (call && type.getConstructSignatures().at(-1)) ?? call;
  if (signature === undefined) return undefined;
  const found = tableOfParameters(checker, signature) ?? tableOfForms(checker, signature, type);
  return found && { ...found, result: signature.getReturnType() };
}

/** Of `Call<Doc, Names, Positions, Result>`, and of one of several forms of it: the last, which covers all. */
function tableCall(checker, type) {
  if (type.isIntersection()) {
    const parts = type.types.filter((part) => part.symbol?.name === "Call");
    return parts.length === 0 ? undefined : tableCall(checker, parts.at(-1));
  }
  if (type.symbol?.name !== "Call") return undefined;
  const [doc, names, , result] = checker.getTypeArguments(type);
  return result && { doc, entries: entriesOf(checker, names), result };
}

/** Texts of a list of names: `["input", "bias?", "*size"]`. */
function entriesOf(checker, names) {
  return checker.getTypeArguments(names).map((name) => name.value);
}

/** Of a union of forms: the one by position has the names, what stands for options has their documentation. */
function tableOfForms(checker, signature, type) {
  const [rest, ...others] = signature.getParameters();
  if (rest === undefined || others.length > 0) return undefined;
  const all = checker.getTypeOfSymbol(rest);
  const forms = (all.isUnion() ? all.types : [all]).filter((form) => checker.isTupleType(form));
  const positional = forms.find((form) =>
    labelsOf(form).every((label) => !/^(?:options|nothing|)$/.test(label)),
  );
  const doc = settingsOf(type) ?? documentationIn(checker, forms);
  if (positional === undefined || doc === undefined) return undefined;
  const { elementFlags } = positional.target;
  const entries = labelsOf(positional).map((label, i) =>
    elementFlags[i] & ts.ElementFlags.Optional ? `${label}?` : label,
  );
  const documented = new Set(checker.getPropertiesOfType(doc).map(({ name }) => name));
  return entries.every((entry) => documented.has(entry.replace("?", ""))) ? { doc, entries } : undefined;
}

/** The names of a tuple's elements; empty for one without. */
function labelsOf({ target }) {
  const labels = target.labeledElementDeclarations ?? [];
  return target.elementFlags.map((_, i) => labels[i]?.name?.getText() ?? "");
}

/** `Doc` of the longest list of options, `Options<Doc, Names>`: the type of all options is `Doc` itself. */
function documentationIn(checker, forms) {
  for (const form of [...forms].sort(
    (a, b) => labelsOf(a).indexOf("options") - labelsOf(b).indexOf("options"),
  )) {
    const at = labelsOf(form).indexOf("options");
    const options = at < 0 ? undefined : checker.getNonNullableType(checker.getTypeArguments(form)[at]);
    if (options === undefined) continue;
    return /^(?:Options|Pick)$/.test(options.aliasSymbol?.name ?? "")
      ? options.aliasTypeArguments[0]
      : options;
  }
  return undefined;
}

/** Of `Layer<Forms, MadeSettings<Doc, Made>>`. */
function settingsOf(type) {
  const settings = type.aliasTypeArguments?.[1];
  return settings?.aliasSymbol?.name === "MadeSettings" ? settings.aliasTypeArguments[0] : settings;
}

/** The table that the last parameter's type names: `...args: ArgumentsOf<typeof TABLE>`. */
function tableOfParameters(checker, signature) {
  const node = signature.getDeclaration()?.parameters.at(-1)?.type;
  const query = node && ts.isTypeReferenceNode(node) ? node.typeArguments?.[0] : undefined;
  if (query === undefined || !ts.isTypeQueryNode(query)) return undefined;
  const table = checker.getTypeAtLocation(query);
  if (table.symbol?.name !== "ParameterTable") return undefined;
  const [doc, names] = checker.getTypeArguments(table);
  return { doc, entries: entriesOf(checker, names) };
}

/** The call in typedoc's terms. */
function converted(context, reflection, { doc, entries, result }) {
  const scope = context.withScope(reflection);
  const members = new Map(context.checker.getPropertiesOfType(doc).map((member) => [member.name, member]));
  const parameters = entries.map((entry) => {
    const name = entry.replace(/^\*+/, "").replace(/(?:\{\}|[?:]).*$/, "");
    const member = members.get(name);
    if (member === undefined) throw new Error(`${reflection.getFullName()}: no documentation of ${name}`);
    const declaration = member.declarations?.[0];
    const type = context.checker.getTypeOfSymbol(member);
    const said = member.getDocumentationComment(context.checker);
    const tag = member.getJsDocTags(context.checker).find((one) => one.name === "default");
    return {
      name,
      rest: entry.startsWith("*"),
      optional: /\?/.test(entry),
      type:
        declaration?.type === undefined
          ? context.converter.convertType(scope, type)
          : context.converter.convertType(scope, declaration.type),
      text: ts.displayPartsToString(said),
      value: tag && ts.displayPartsToString(tag.text),
    };
  });
  return { parameters, result: context.converter.convertType(scope, result) };
}

/** Beside `const Conv2d` stands `type Conv2d = Conv2dLayer`: its page lists what an instance has of its own. */
function describeMade(context, reflection) {
  const symbol = context.getSymbolFromReflection(reflection);
  if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Value) === 0) return;
  const made = context.checker.getDeclaredTypeOfSymbol(symbol);
  const own = made
    .getProperties()
    .filter((member) => !/^(?:Module|CallableObject)$/.test(member.parent?.name ?? "") && !hidden(member))
    .map((member) => {
      const text = ts.displayPartsToString(member.getDocumentationComment(context.checker));
      return `- \`${member.name}\`${text === "" ? "" : `: ${text}`}`;
    });
  const list = own.length === 0 ? "" : ` It has:\n\n${own.join("\n")}`;
  reflection.comment = new Comment([
    { kind: "text", text: `What \`${reflection.name}(...)\` makes.${list}` },
  ]);
}

function hidden({ name, declarations = [] }) {
  const flags = declarations.map((one) => ts.getCombinedModifierFlags(one)).reduce((a, b) => a | b, 0);
  const closed = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return name.startsWith("_") || name.startsWith("#") || (flags & closed) !== 0;
}

/** Makes the reflection a function with one signature. */
function show(project, reflection, { parameters, result }) {
  if (!(reflection instanceof DeclarationReflection)) return;
  const comment = reflection.comment ?? reflection.signatures?.[0]?.comment;
  for (const old of reflection.signatures ?? []) project.removeReflection(old);
  for (const child of [...(reflection.children ?? [])]) project.removeReflection(child);
  const method = reflection.parent?.kindOf(ReflectionKind.ClassOrInterface);
  reflection.kind = method ? ReflectionKind.Method : ReflectionKind.Function;
  reflection.type = undefined;
  reflection.defaultValue = undefined;
  reflection.setFlag(ReflectionFlag.Const, false);
  reflection.setFlag(ReflectionFlag.Readonly, false);
  const signature = new SignatureReflection(reflection.name, ReflectionKind.CallSignature, reflection);
  // `Conv2d(...)` makes a `Conv2d`, whatever the class behind it is called.
  const made = reflection.parent?.children?.find(
    ({ kind, name }) => kind === ReflectionKind.TypeAlias && name === reflection.name,
  );
  signature.type =
    made === undefined ? result : ReferenceType.createResolvedReference(made.name, made, project);
  signature.parameters = parameters.map((one) => parameterOf(one, signature, project));
  if (comment !== undefined) {
    signature.comment = comment.clone();
    // The table says it, for each parameter, with the default.
    signature.comment.blockTags = comment.blockTags.filter((tag) => tag.tag !== "@param");
  }
  reflection.comment = undefined;
  reflection.signatures = [signature];
  project.registerReflection(signature, undefined, undefined);
}

function parameterOf({ name, rest, optional, type, text, value }, signature, project) {
  const parameter = new ParameterReflection(name, ReflectionKind.Parameter, signature);
  parameter.type = type;
  parameter.setFlag(ReflectionFlag.Rest, rest);
  if (value !== undefined && value !== "") parameter.defaultValue = value;
  else parameter.setFlag(ReflectionFlag.Optional, optional);
  if (text !== "") parameter.comment = new Comment([{ kind: "text", text }]);
  project.registerReflection(parameter, undefined, undefined);
  return parameter;
}

/** Says `cross_entropy` under `crossEntropy`, so that the search finds PyTorch's spelling. */
function spellInSnakeCase(project) {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.FunctionOrMethod)) {
    const { name, signatures = [] } = reflection;
    const spelled = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    // Classes keep their name in PyTorch.
    if (spelled === name || /^[A-Z]/.test(name) || signatures.length === 0) continue;
    signatures[0].comment ??= new Comment();
    signatures[0].comment.summary.push({ kind: "text", text: `\n\n(In snake case: \`${spelled}\`.)` });
  }
}
