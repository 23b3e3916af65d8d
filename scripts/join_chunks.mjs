// Joins the chunks that the root entry loads into two files: finding, reading and linking a file costs as much as the
// compilation of 30 kB, and esbuild makes a chunk for each set of entries and late imports that share something.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = "index.js";
/** Its static imports are a file of their own, so that `--help` loads none of the rest. */
const COMMAND = "cli.js";
const SHARED = "chunk-shared.js";
export const JOINED = "chunk-joined.js";

const IMPORT = /^import (?:\{([^}]*)\} from )?"\.\/(chunk-\w+\.js)";$/gm;

/** `imports` and `exports` of each output, by file name, from esbuild's metafile. */
function filesOf(metafile) {
  const files = new Map();
  for (const [path, { imports, exports }] of Object.entries(metafile.outputs)) {
    // The root entry's namespaces are entries, which esbuild calls external.
    const inside = imports.filter(({ external, path }) => !external || path.startsWith("./"));
    const named = (kind) => inside.filter((one) => one.kind === kind).map((one) => basename(one.path));
    files.set(basename(path), { now: named("import-statement"), later: named("dynamic-import"), exports });
  }
  return files;
}

/** What a file loads at once, directly or not, and itself. */
function loadedWith(file, files, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const next of files.get(file).now) loadedWith(next, files, found);
  return found;
}

/** Joins chunks of `folder`, which esbuild has written with this metafile, and points every file at the joint ones. */
export async function joinChunks(esbuild, folder, metafile, options) {
  const files = filesOf(metafile);
  const apart = loadedWith(COMMAND, files);
  const chunks = [...loadedWith(ROOT, files)].filter((file) => file.startsWith("chunk-"));
  const joinThose = (joined, wanted) =>
    joinInto(esbuild, folder, files, { joined, chunks: chunks.filter(wanted), options });
  await joinThose(SHARED, (file) => apart.has(file));
  await joinThose(JOINED, (file) => !apart.has(file));
}

/** Chunks that are also imported late keep their names, for what they pass on. */
async function joinInto(esbuild, folder, files, { joined, chunks, options }) {
  const numbers = new Map(chunks.map((file, i) => [file, i]));
  const joint = (file, name) => `j${numbers.get(file)}_${name}`;

  const contents = chunks.map((file) => {
    const names = files.get(file).exports.map((name) => `${name} as ${joint(file, name)}`);
    return names.length > 0 ? `export { ${names.join(", ")} } from "./${file}";` : `import "./${file}";`;
  });
  const leaveOthers = {
    name: "leave-others",
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path }) =>
        numbers.has(path.slice(2)) ? undefined : { path, external: true },
      );
    },
  };
  await esbuild.build({
    ...options,
    stdin: { contents: contents.join("\n"), resolveDir: folder },
    bundle: true,
    format: "esm",
    outfile: join(folder, joined),
    plugins: [leaveOthers],
  });

  const isImportedLate = new Set([...files.values()].flatMap(({ later }) => later));
  for (const file of chunks) {
    const names = files.get(file).exports.map((name) => `${joint(file, name)} as ${name}`);
    if (isImportedLate.has(file)) {
      writeFileSync(join(folder, file), `export { ${names.join(", ")} } from "./${joined}";\n`);
    } else {
      rmSync(join(folder, file));
    }
  }
  for (const file of readdirSync(folder)) {
    if (file === joined || numbers.has(file) || !files.has(file)) continue;
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replace(IMPORT, (whole, names, chunk) => {
        if (!numbers.has(chunk)) return whole;
        if (names === undefined) return `import "./${joined}";`;
        const renamed = names.split(",").map((one) => {
          const [name, as = name] = one.trim().split(" as ");
          return `${joint(chunk, name)} as ${as}`;
        });
        return `import { ${renamed.join(", ")} } from "./${joined}";`;
      }),
    );
  }
}
