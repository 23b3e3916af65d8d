// Joins the chunks that an entry loads into two files: finding, reading and linking a file costs as much as the
// compilation of 30 kB, and esbuild makes a chunk for each set of entries and late imports that share something.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";

const SHARED = "chunk-shared.js";
const JOINED = "chunk-joined.js";

const IMPORT = /^import (?:\{([^}]*)\} from )?"(\.[^"]+\.js)";$/gm;

/** `entry`, `imports` and `exports` of each output, by its path in the folder, from esbuild's metafile. */
function filesOf(folder, metafile) {
  const nameOf = (path) => relative(folder, resolve(path)).split(sep).join("/");
  const files = new Map();
  for (const [path, { imports, exports, entryPoint }] of Object.entries(metafile.outputs)) {
    const name = nameOf(path);
    // The root entry's namespaces are entries, which esbuild calls external.
    const inside = imports.filter(({ external, path }) => !external || path.startsWith("./"));
    const placed = ({ external, path }) => (external ? posix.join(posix.dirname(name), path) : nameOf(path));
    const named = (kind) => inside.filter((one) => one.kind === kind).map(placed);
    files.set(name, {
      entryPoint,
      now: named("import-statement"),
      later: named("dynamic-import"),
      exports,
    });
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

/**
 * Joins chunks of `folder`, which esbuild has written with this metafile, and points every file at the joint ones: those that
 * the file `whole` loads, and which of them the files load that are to load none of the rest (`light` says of a file, and of
 * the number of files that it loads, whether it is such a one).
 */
export async function joinChunks(esbuild, folder, { metafile, whole, isChunk, light, options }) {
  const files = filesOf(folder, metafile);
  const chunks = [...loadedWith(whole, files)].filter(isChunk);
  const apart = new Set();
  for (const [file, { entryPoint }] of files) {
    if (entryPoint === undefined) continue;
    const loaded = loadedWith(file, files);
    if (light(file, loaded.size)) for (const one of loaded) apart.add(one);
  }
  const joinThose = (joined, wanted) =>
    joinInto(esbuild, folder, files, { joined, chunks: chunks.filter(wanted), options });
  await joinThose(SHARED, (file) => apart.has(file));
  await joinThose(JOINED, (file) => !apart.has(file));
}

/** Chunks that are also imported late keep their names, for what they pass on. All of them stand in one folder. */
async function joinInto(esbuild, folder, files, { joined, chunks, options }) {
  if (chunks.length === 0) return;
  const place = posix.dirname(chunks[0]);
  const target = posix.join(place, joined);
  const numbers = new Map(chunks.map((file, i) => [file, i]));
  const joint = (file, name) => `j${numbers.get(file)}_${name}`;

  const contents = chunks.map((file) => {
    const address = `./${posix.basename(file)}`;
    const names = files.get(file).exports.map((name) => `${name} as ${joint(file, name)}`);
    return names.length > 0 ? `export { ${names.join(", ")} } from "${address}";` : `import "${address}";`;
  });
  const leaveOthers = {
    name: "leave-others",
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path }) =>
        numbers.has(posix.join(place, path)) ? undefined : { path, external: true },
      );
    },
  };
  await esbuild.build({
    ...options,
    stdin: { contents: contents.join("\n"), resolveDir: join(folder, place) },
    bundle: true,
    format: "esm",
    outfile: join(folder, target),
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
  const others = [...files.keys()].filter((file) => file.endsWith(".js") && !numbers.has(file));
  for (const file of others.filter((file) => existsSync(join(folder, file)))) {
    const address = (to) => {
      const path = posix.relative(posix.dirname(file), to);
      return path.startsWith(".") ? path : `./${path}`;
    };
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    const pointed = text.replace(IMPORT, (whole, names, to) => {
      const chunk = posix.join(posix.dirname(file), to);
      if (!numbers.has(chunk)) return whole;
      if (names === undefined) return `import "${address(target)}";`;
      const renamed = names.split(",").map((one) => {
        const [name, as = name] = one.trim().split(" as ");
        return `${joint(chunk, name)} as ${as}`;
      });
      return `import { ${renamed.join(", ")} } from "${address(target)}";`;
    });
    if (pointed !== text) writeFileSync(path, pointed);
  }
}
