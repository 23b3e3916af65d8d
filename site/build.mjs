// Makes the API reference: one page for each public name, by sub-path, with the guides beside it. `npm run docs`
// installs what it needs here and calls it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Converter, ReflectionKind } from "typedoc";
import { showCalls } from "./call_signatures.mjs";
import { brokenLinks } from "./check_links.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { exports, name: packageName } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const out = process.argv[2] ?? join(root, "build/reference");

/** Declarations of each entry, by the name that a program imports. */
const entries = Object.entries(exports)
  .filter(([, target]) => typeof target === "object" && target.types !== undefined)
  .map(([path, { types }]) => [packageName + path.slice(1), join(root, types)]);

/** Pages beside the API. */
const guides = [
  ...["docs", "docs/guides", "docs/decisions"]
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith(".md")),
  "examples/chapter-7/README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
];

const app = await Application.bootstrap({
  name: "Convoyant",
  entryPoints: entries.map(([, file]) => file),
  projectDocuments: guides.map((file) => join(root, file)),
  readme: join(root, "README.md"),
  tsconfig: join(root, "site/tsconfig.json"),
  out,
  basePath: root,
  displayBasePath: root,
  skipErrorChecking: true,
  disableSources: true,
  disableGit: true,
  excludePrivate: true,
  excludeInternal: true,
  searchInComments: true,
  searchInDocuments: true,
  includeVersion: true,
  hideGenerator: true,
  highlightLanguages: ["ts", "js", "sh", "bash", "json", "diff", "python", "html", "text"],
  sort: ["source-order"],
  navigation: {
    includeCategories: false,
    includeGroups: false,
    includeFolders: false,
    excludeReferences: true,
  },
  validation: { invalidLink: true, invalidPath: false, notExported: false, notDocumented: false },
  treatValidationWarningsAsErrors: true,
});
showCalls(app);
const files = new Map(entries.map(([name, file]) => [file, name]));
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
  const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.fileName;
  if (reflection.kindOf(ReflectionKind.Module) && files.has(file)) reflection.name = files.get(file);
});
// A guide is called what its first line says.
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const guide of project.getReflectionsByKind(ReflectionKind.Document)) {
    const heading = /^# (.+)$/m.exec(guide.content.map(({ text }) => text).join(""));
    if (heading !== null) guide.name = heading[1].replaceAll("`", "");
  }
});
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
const broken = brokenLinks(out);
for (const link of broken) app.logger.error(`link that leads nowhere: ${link}`);
process.exitCode = app.logger.hasErrors() || broken.length > 0 ? 1 : 0;
