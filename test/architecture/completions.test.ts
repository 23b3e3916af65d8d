/** What an editor offers behind `x.`: documented public names, none of the internals. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as c from "../../src/index.ts";
import { compile } from "./compiler.ts";
import { type Completion, LanguageServer } from "./language_server.ts";
import { readSource, root, typescriptFiles } from "./sources.ts";

const program = `import * as c from ${JSON.stringify(pathToFileURL(join(root, "build/src/index.js")).pathname)};
const { nn, optim, data } = c;
export const tensor = c.tensor([1]);
export const parameter = nn.Parameter(tensor);
export const conv = nn.Conv2d(1, 2, 3);
export const lazy = nn.LazyLinear(2);
export const norm = nn.BatchNorm2d(2);
export const relu = nn.ReLU();
export const loss = nn.CrossEntropyLoss();
export const sequential = nn.Sequential(conv);
export const list = nn.ModuleList([conv]);
export const dict = nn.ModuleDict({ conv });
export const sgd = optim.SGD(conv.parameters(), { lr: 0.1 });
export const adam = optim.Adam(conv.parameters());
export const step = optim.StepLR(sgd, 2);
export const cosine = optim.CosineAnnealingLR(sgd, 2);
export const plateau = optim.ReduceLROnPlateau(sgd);
export const together = optim.SequentialLR(sgd, [step], []);
export const dataset = data.TensorDataset(tensor);
export const subset = data.Subset(dataset, [0]);
export const loader = data.DataLoader(dataset);
export const resize = data.transforms.Resize(2);
`;
const names = [...program.matchAll(/export const (\w+)/g)].map(([, name]) => name);

const folder = mkdtempSync(join(tmpdir(), "completions-"));
let server: LanguageServer;
before(async () => {
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  writeFileSync(join(folder, "program.ts"), program);
  server = await LanguageServer.start(folder, "program.ts", program);
});
after(() => {
  server.stop();
  rmSync(folder, { recursive: true });
});

/** A class's members that its source marks as internal. */
function internalNames(): Set<string> {
  const found = new Set<string>();
  const member =
    /\/\*\*[\s*]+@internal(?:(?!\*\/)[\s\S])*\*\/\s+(?:(?:protected|readonly|override|get|set|async) )*(\w+)(?=[(:;=?<!])/g;
  for (const file of typescriptFiles("src"))
    for (const [, name] of readSource(file).matchAll(member)) found.add(name);
  return found;
}

/** What everything that can be called, and everything that can be walked through, has. */
const ofTheLanguage = new Set(
  Object.getOwnPropertyNames(Function.prototype).concat("prototype", "Symbol", "toString"),
);

test("behind a dot stand documented public names only", async () => {
  const internal = internalNames();
  for (const name of ["cell", "assign", "gradientHooks", "invoke", "hooks", "materializeFrom"])
    assert.ok(internal.has(name), `${name} is not marked as internal`);
  // Public functions of the package are documented where they are defined; a test in test/docs sees to it.
  const isFunction = (label: string) => label in c || label.replace(/_$/, "") in c;
  const wrong: string[] = [];
  const judge =
    (name: string) =>
    ({ label, documented }: Completion) => {
      if (ofTheLanguage.has(label)) return;
      if (internal.has(label) && !isFunction(label)) wrong.push(`${name}.${label} is internal`);
      else if (!documented && !isFunction(label)) wrong.push(`${name}.${label} is not documented`);
    };
  for (const name of names) {
    const found = await server.completionsAtEnd(`${program}${name}.`);
    assert.ok(found.length > 3, `nothing is offered behind ${name}.`);
    found.forEach(judge(name));
  }
  assert.deepEqual(wrong, []);
});

test("declarations without the internals are complete", () => {
  const { status, stdout } = compile(folder);
  assert.equal(status, 0, stdout);
});

test("no internals are among a tensor's or a layer's own keys", () => {
  assert.deepEqual(Reflect.ownKeys(c.tensor([1])), []);
  const internal = internalNames();
  const conv = c.nn.Conv2d(1, 2, 3);
  const optimizer = c.optim.SGD(conv.parameters(), { lr: 0.1 });
  for (const object of [conv, c.nn.BatchNorm2d(2), optimizer, c.optim.StepLR(optimizer, 1)])
    for (const key in object) assert.ok(!internal.has(key), `${object.constructor.name}: ${key}`);
});
