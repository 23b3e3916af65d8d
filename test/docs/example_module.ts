/** How a code block becomes a module of its own that can be compiled and run. */
import type { CodeBlock } from "./code_blocks.ts";

/** Names that a block may use without saying where they come from. */
export interface Surroundings {
  /** Everything that the package exports. */
  readonly exported: readonly string[];
  /** What the prelude of the block's topic gives, by the name of the function that makes it. */
  readonly prelude: { readonly maker: string; readonly names: readonly string[] };
}

const imports = /^import [\s\S]*? from "([^"]+)";\n/gm;
/** `expression; // value` or `console.log(expression); // value` on one line. */
const claim = /^( *)(?!(?:const|let|return|for|if|while|import|export|class|\/\/)\b)(.+); \/\/ (.+)$/gm;

/** The module's source: the block's own imports, the names it takes for granted, its claims as checks. */
export function exampleModule(block: CodeBlock, { exported, prelude }: Surroundings, built: string): string {
  const own = [...block.code.matchAll(imports)].map(([statement]) => statement);
  const code = block.code.replace(imports, "");
  const imported = new Set(own.flatMap((statement) => statement.match(/\w+/g) ?? []));
  const used = (name: string) => new RegExp(`(?<![.\\w])${name}\\b`).test(code) && !imported.has(name);
  const given = prelude.names.filter(used);
  const packaged = exported.filter((name) => used(name) && !given.includes(name) && isIdentifier(name));
  return [
    `// ${block.file}:${block.line} ${block.of}`,
    ...own,
    packaged.length > 0 ? `import { ${packaged.join(", ")} } from "convoyant";` : "",
    `import { check } from "${built}/check_claim.js";`,
    `import { ${prelude.maker} } from "${built}/prelude.js";`,
    `const { ${given.join(", ")} } = ${prelude.maker}();`,
    "check;",
    "{",
    code.replace(claim, asCheck).replace(/^export /gm, ""),
    "}",
    "export {};",
  ].join("\n");
}

/** Comments that are not values stay comments. */
function asCheck(line: string, indent: string, expression: string, expected: string): string {
  if (!/^(?:[[\d"]|-\d|true\b|false\b|null\b|NaN\b|-?Infinity\b)/.test(expected)) return line;
  const logged = /^console\.log\((.*)\)$/.exec(expression)?.[1] ?? expression;
  const value = logged.startsWith("await ") ? logged.slice(6) : logged;
  return `${indent}await check(${value}, ${JSON.stringify(expected)});`;
}

function isIdentifier(name: string): boolean {
  return !["var", "default"].includes(name);
}
