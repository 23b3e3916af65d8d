// Bundles what tsc wrote to build/src into what users install:
//
//   build/inlined/{node,page}/<name>.js   each worker's script as a module of text, for bundles; shipped pages' too
//   build/dist/{node,page}/               the entries of package.json, with the code that they share in chunks, and
//                                         each worker's script, whole in itself
//
// The package is imported in half the time that its 500 modules take, and nothing of Node.js is left in a page's part.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { joinChunks } from "./join_chunks.mjs";
import { root } from "./setup.mjs";
import { leaveOut, SHIPPED_PAGE, SHIPPED_PAGES, withoutTraining, withWorkers } from "./shipped_page.mjs";

const source = join(root, "build/src");
const output = join(root, "build/dist");

/** Which platform starts which workers. */
const WORKERS = {
  "engines/wasm/wasm_worker": ["node", "page"],
  "engines/reference/reference_worker": ["node", "page"],
  "engines/onednn/onednn_worker": ["node"],
  "data/loader_worker": ["node", "page"],
  "classic/features/feature_worker": ["node", "page"],
  "classic/surf/surf_worker": ["node", "page"],
  "experiments/data_check/measure_worker": ["node"],
  "serve/queue/prepare_worker": ["node"],
  "distributed/mpi/mpi_worker": ["node"],
  "classic/learners/svm/linear_svm_worker": ["node", "page"],
  "classic/learners/svm/kernel_svm_worker": ["node", "page"],
};

/** What a page's worker loads when it is needed, as text; its file has it from the start. */
const LATER = { "engines/wasm/wasm_worker": "engines/cpu/host/reference_kernels" };

/** The entries: the name in build/dist and the module. */
const SUBPATHS = Object.fromEntries(
  [
    "nn",
    "optim",
    "data",
    "train",
    "models",
    "book",
    "report",
    "onnx",
    "classic",
    "classic_surf",
    "look",
    "draw",
    "classifier",
    "reference",
  ].map((name) => [name, `entries/${name}`]),
);
const ENTRIES = {
  node: {
    index: "index",
    ...SUBPATHS,
    experiments: "experiments/index",
    serve: "serve/index",
    ship: "ship/index",
    distributed: "distributed/index",
    cli: "cli/main",
    bench_own: "experiments/bench/bench_own",
    bench_rank: "experiments/bench/distributed/bench_rank",
  },
  page: { index: "browser", ...SUBPATHS },
};

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Takes ten times as long to import as the part of it that is used, which needs no module of Node.js. */
const BUNDLED = { fflate: "fflate/browser" };

// import.meta is left as it is if the format has one.
const NODE = {
  platform: "node",
  target: "node20.19",
  conditions: ["node"],
  external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (name) => !(name in BUNDLED),
  ),
  alias: BUNDLED,
  // Names and lines stay, so that a stack can be read.
  minifySyntax: true,
};

// See src/engines/cpu/plans_only.d.ts.
const ONE_RANK = { ONE_RANK: "true" };

const PLATFORMS = {
  node: NODE,
  // Not without white space: then esbuild leaves out the marks of pure calls, too, and bundlers could drop nothing.
  page: {
    platform: "browser",
    target: ["chrome109", "firefox115", "safari16.4"],
    minifyIdentifiers: true,
    minifySyntax: true,
  },
};

/** Folders whose top-level calls only make what they return, so that a bundler may leave unused ones out. */
const PURE_FOLDERS =
  /[\\/]build[\\/]src[\\/](nn|optim|models|data|train|book|report|interop|classic|look|classifier|io[\\/]images|tensor[\\/]functions)[\\/]/;
const SOURCES = /[\\/]build[\\/]src[\\/].*\.js$/;
const TOP_LEVEL_CALL = /^((?:export )?(?:const|let) [\w$]+ = )(?=(?:new )?[\w$.]+\()/gm;
/** `const f = defineCall("f")(...)`: two calls, of which a mark would cover one. */
const CURRIED_CALL = /^((?:export )?(?:const|let) [\w$]+ = )([\w$]+)\(("[^"]+")\)\(/gm;
const CURRIED_MODULE = "convoyant-curried";
/** Names of parameters, some of them spread from a list: `(["input", ...REDUCTION_NAMES], `. */
const SPREAD_NAMES = /^\(\[(?:"[^"]*"|\.\.\.[\w$]+|[\s,])*\]/;

/**
 * The call of a curried function as one that is marked as pure. A spread would be an effect of its own, so lists of names
 * are passed as they are and spread inside.
 */
function pureCall(text, [whole, head, make, name], at) {
  const start = `${head}/* @__PURE__ */ callCurried(${make}, ${name}, `;
  const names = SPREAD_NAMES.exec(text.slice(at + whole.length - 1))?.[0];
  if (!names?.includes("...")) return { start, length: whole.length };
  return {
    start: `${start}${names.slice(1).replaceAll("...", "")}`,
    length: whole.length - 1 + names.length,
  };
}

/** A source with the curried calls of its top level marked as pure. */
function markCurried(text) {
  let marked = "";
  let from = 0;
  for (const match of text.matchAll(CURRIED_CALL)) {
    const { start, length } = pureCall(text, match, match.index);
    marked += text.slice(from, match.index) + start;
    from = match.index + length;
  }
  return marked + text.slice(from);
}

/** Marks top-level calls as pure. A source that depends on the effect of such a call must not be in these folders. */
function markPure(text) {
  const single = markCurried(text);
  const head = single === text ? "" : `import { callCurried } from "${CURRIED_MODULE}";\n`;
  return head + single.replace(TOP_LEVEL_CALL, "$1/* @__PURE__ */ ");
}

const FILES_OF_NODE = /^import (?:\* as ([\w$]+)|\{([^}]*)\}) from "node:fs";$/gm;

/** An import of node:fs loads its streams as well, which takes 4 ms; a call for it does not. */
function callForFiles(text) {
  return text.replace(FILES_OF_NODE, (_whole, all, names) => {
    return `const ${all ?? `{${names.replaceAll(" as ", ": ")}}`} = process.getBuiltinModule("node:fs");`;
  });
}

const editSources = {
  name: "edit-sources",
  setup(build) {
    build.onLoad({ filter: SOURCES }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const called = build.initialOptions.platform === "node" ? callForFiles(text) : text;
      return { contents: PURE_FOLDERS.test(path) ? markPure(called) : called, loader: "js" };
    });
    build.onResolve({ filter: new RegExp(`^${CURRIED_MODULE}$`) }, () => ({
      path: CURRIED_MODULE,
      namespace: CURRIED_MODULE,
      sideEffects: false,
    }));
    build.onLoad({ filter: /.*/, namespace: CURRIED_MODULE }, () => ({
      contents:
        "export const callCurried = (make, name, names, ...args) => " +
        "make(name)(Array.isArray(names) ? names.flat() : names, ...args);",
      loader: "js",
    }));
  },
};

/**
 * The root entry's namespaces, which are entries of their own: left as modules, so that a page's bundler sees into them.
 * Node.js would load seven files more.
 */
const keepNamespaces = {
  name: "keep-namespaces",
  setup(build) {
    build.onResolve({ filter: /^\.\/(interop\/)?\w+\/index\.js$/ }, ({ path, importer }) => {
      const name = path.split("/").at(-2);
      const isEntry = importer === join(source, "browser.js") && name in SUBPATHS;
      return isEntry ? { path: `./${name}.js`, external: true } : undefined;
    });
  },
};

/** `var ns = {}; __export(ns, { name: () => name, ... });`, as esbuild writes `export * as ns`. */
const NAMESPACE = /^var ([\w$]+) = \{\};\n([\w$]+)\(\1, (\{\n(?: {2}.*\n)+\})\);$/gm;

/** Makes each namespace one pure expression, so that a page that names none of its parts gets none of them. */
function markNamespaces(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const marked = text.replace(NAMESPACE, "var $1 = /* @__PURE__ */ ((all) => ($2(all, $3), all))({});");
    if (marked !== text) writeFileSync(path, marked);
  }
}

/**
 * Calls the chunks that hold the tensor's methods core-*.js. They alone do something for others when they are loaded, and
 * package.json's sideEffects says so: of the rest a page loads what it uses.
 */
function nameCore(folder, { outputs }) {
  const holdsTensor = ([, { inputs }]) =>
    Object.keys(inputs).some((path) => path.includes("build/src/tensor/"));
  const names = Object.entries(outputs)
    .filter(holdsTensor)
    .map(([path]) => path.slice(path.lastIndexOf("/") + 1))
    .filter((name) => name.startsWith("chunk-"));
  const renamed = (text) =>
    names.reduce((all, name) => all.replaceAll(name, name.replace("chunk-", "core-")), text);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    if (renamed(text) !== text) writeFileSync(path, renamed(text));
    if (names.includes(name)) renameSync(path, join(folder, renamed(name)));
  }
}

/** Whether there is something to bundle: a clone of a few files has nothing. */
export const hasEntries = () => existsSync(join(source, "index.js"));

function inline(platform, name, text) {
  const folder = join(root, "build/inlined", platform);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.js`), `export default ${JSON.stringify(text)};\n`);
}

/** Bundles everything again. Throws what esbuild reports. */
export async function bundle() {
  const esbuild = await import("esbuild");
  const shared = {
    bundle: true,
    charset: "utf8",
    logLevel: "silent",
    legalComments: "none",
    plugins: [editSources],
  };
  const run = (platform, options) => esbuild.build({ ...shared, ...PLATFORMS[platform], ...options });

  /** A worker's script: as text for bundles, and as a file. */
  async function bundleWorker(path, platform, work) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const entryPoints = [join(source, `${path}.js`)];
    const text = { entryPoints, minify: true, write: false };
    // Node.js runs text as CommonJS, a page as a classic script.
    const format = platform === "node" ? "cjs" : "iife";
    const define = platform === "node" ? { "import.meta.url": "undefined" } : ONE_RANK;
    const { outputFiles } = await run(platform, { ...text, format, define });
    inline(platform, name, outputFiles[0].text);
    const outfile = join(work, platform, `${name}.js`);
    const file = { entryPoints, outfile, minify: true };
    if (platform === "node") {
      await run(platform, { ...file, format: "esm" });
      return;
    }
    const later = path in LATER ? [join(source, `${LATER[path]}.js`)] : [];
    await run(platform, { ...file, format, define, inject: later });
    for (const entry of later) {
      const { outputFiles } = await run(platform, { ...text, entryPoints: [entry], format, define });
      inline(platform, basename(entry, ".js"), outputFiles[0].text);
    }
  }

  /** A shipped page's workers run networks in evaluation mode: what only training takes is left out of them. */
  async function shippedPageWorker() {
    const [[worker, later]] = Object.entries(LATER);
    const options = { minify: true, write: false, format: "iife", define: ONE_RANK };
    const texts = [worker, later].map(async (path) => {
      const entryPoints = [join(source, `${path}.js`)];
      const { outputFiles } = await run("page", { ...options, entryPoints, plugins: [withoutTraining] });
      return [basename(path), outputFiles[0].text];
    });
    return new Map(await Promise.all(texts));
  }

  async function bundleShippedPage(name, workers) {
    const { outputFiles } = await run("page", {
      entryPoints: [join(source, `${SHIPPED_PAGE}.js`)],
      format: "iife",
      minify: true,
      write: false,
      define: { "import.meta.url": "location.href", PLANS_ONLY: "true", ...ONE_RANK },
      plugins: [withWorkers(workers), leaveOut(name), withoutTraining, editSources],
    });
    inline("node", name, outputFiles[0].text);
  }

  const work = `${output}.${process.pid}`;
  try {
    const workers = Object.entries(WORKERS).flatMap(([path, platforms]) =>
      platforms.map((platform) => bundleWorker(path, platform, work)),
    );
    await Promise.all(workers);
    const pageWorkers = await shippedPageWorker();
    for (const name of Object.keys(SHIPPED_PAGES)) await bundleShippedPage(name, pageWorkers);
    const [{ metafile }, page] = await Promise.all(
      Object.entries(ENTRIES).map(([platform, entries]) =>
        run(platform, {
          entryPoints: Object.fromEntries(
            Object.entries(entries).map(([name, path]) => [name, join(source, `${path}.js`)]),
          ),
          outdir: join(work, platform),
          format: "esm",
          splitting: true,
          chunkNames: "chunk-[hash]",
          plugins: platform === "page" ? [editSources, keepNamespaces] : [editSources],
          define: platform === "page" ? { PLANS_ONLY: "true", ...ONE_RANK } : {},
          metafile: true,
        }),
      ),
    );
    const { bundle: _bundle, plugins: _plugins, ...writing } = shared;
    // A fifth of the text is white space, and reading text is most of an import. Names stay, and lines are short enough
    // that a stack leads to the place.
    const dense = { minifyWhitespace: true, lineLimit: 120 };
    await joinChunks(esbuild, join(work, "node"), {
      metafile,
      whole: "index.js",
      isChunk: (file) => file.startsWith("chunk-"),
      // So that `--help` loads none of the rest.
      light: (file) => file === "cli.js",
      options: { ...writing, ...NODE, ...dense },
    });
    markNamespaces(join(work, "page"));
    nameCore(join(work, "page"), page.metafile);
    rmSync(output, { recursive: true, force: true });
    renameSync(work, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await bundle();
