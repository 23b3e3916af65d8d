// Builds the clone: the AssemblyScript kernels, then TypeScript, then the declarations of methods and the bundles that
// users install, and nothing that is already up to date.
// `npm run build`, or build() from another script. `--force` builds from scratch.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle, hasEntries } from "./bundle.mjs";
import { declareMethods } from "./declare_methods.mjs";
import { root } from "./setup.mjs";

const output = join(root, "build");
const stampFile = join(output, ".stamp.json");
/** Of the Lab what runs without its page, and is tested so. */
const labFolders = ["experiment", "code", "worker", "data"].map((name) => `apps/lab/src/${name}`);
const sourceFolders = ["src", "test", "bench", "examples", ...labFolders];
const kernelFolder = "src/engines/wasm/assembly";
const kernelScript = "scripts/build-kernels.mjs";
const compilerFiles = [
  "tsconfig.json",
  "package.json",
  "package-lock.json",
  "scripts/build.mjs",
  "scripts/bundle.mjs",
  "scripts/join_chunks.mjs",
  "scripts/shipped_page.mjs",
  "scripts/declare_methods.mjs",
];
const compiled = [".js", ".js.map", ".d.ts", ".d.ts.map"];

/** Every file under root/folder whose path ends as given, as paths relative to root; none when it is missing. */
function filesUnder(folder, endings, found = []) {
  const full = join(root, folder);
  if (!existsSync(full)) return found;
  for (const entry of readdirSync(full, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== "node_modules") filesUnder(path, endings, found);
    } else if (endings.some((ending) => entry.name.endsWith(ending))) {
      found.push(path);
    }
  }
  return found;
}

/** A hash of names, sizes and times: reading the sources themselves would cost more than it is worth. */
function stampOf(paths) {
  const hash = createHash("sha256").update(process.arch);
  for (const path of paths.sort()) {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    hash.update(`${path} ${stat?.size} ${stat?.mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function typescriptStamp() {
  const sources = sourceFolders.flatMap((folder) => filesUnder(folder, [".ts"]));
  return stampOf([...sources.filter((path) => !path.startsWith(kernelFolder)), ...compilerFiles]);
}

function kernelStamp() {
  return stampOf([...filesUnder(kernelFolder, [".ts", ".json"]), kernelScript, "package-lock.json"]);
}

/** What the last build was made from; nothing when what it wrote is gone. */
function readStamps() {
  try {
    const stamps = JSON.parse(readFileSync(stampFile, "utf8"));
    return stamps.written.every((path) => existsSync(join(root, path))) ? stamps : {};
  } catch {
    return {};
  }
}

/** Files whose absence means that a part of build/ was deleted: kernels, bundles, and a script for each source. */
function filesWritten() {
  const scripts = filesUnder("src", [".ts"])
    .filter((path) => !path.startsWith(kernelFolder) && !path.endsWith(".d.ts"))
    .map((path) => `build/${path.slice(0, -".ts".length)}.js`);
  return [...filesUnder("build/inlined", [".js"]), ...filesUnder("build/dist", [".js"]), ...scripts];
}

function writeStamps({ kernels, typescript }) {
  mkdirSync(output, { recursive: true });
  const stamps = { kernels, typescript, written: typescript === undefined ? [] : filesWritten() };
  const half = `${stampFile}.${process.pid}`;
  writeFileSync(half, `${JSON.stringify(stamps)}\n`);
  renameSync(half, stampFile);
}

/** The kernel script if there is one (a packed copy and a young clone have none). */
const hasKernels = () => existsSync(join(root, kernelScript));

/** Runs one step of the build; shows what it printed only when it failed, or when it warned. */
function step(name, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    child.stderr.on("data", (chunk) => (text += chunk));
    child.on("error", (error) => {
      console.error(`${name} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on("close", (code, signal) => {
      if (code !== 0) console.error(`${text.trimEnd()}\n${name} failed${signal ? ` (${signal})` : ""}.`);
      resolve(code ?? 1);
    });
  });
}

/** Deletes compiled files whose source is gone: a removed test must not go on running. */
function prune() {
  for (const folder of sourceFolders) {
    for (const path of filesUnder(`build/${folder}`, compiled)) {
      const ending = compiled.findLast((suffix) => path.endsWith(suffix));
      const source = path.slice("build/".length, -ending.length);
      const known = [".ts", ".js", ".d.ts"].some((suffix) => existsSync(join(root, source + suffix)));
      if (!known && builtByTypescript(path, ending)) rmSync(join(root, path));
    }
  }
}

/** tsc writes a map beside each script it compiles; what has none was put there by another step. */
function builtByTypescript(path, ending) {
  const base = join(root, path.slice(0, -ending.length));
  return ending !== ".js" || existsSync(`${base}.js.map`) || existsSync(`${base}.d.ts`);
}

function compileTypescript() {
  prune();
  const args = ["-p", root, "--pretty", "false"];
  // Each checker checks again what it shares with the others: on two processors, two take a third more and end no sooner.
  args.push("--checkers", String(Math.max(1, Math.min(4, availableParallelism() >> 1))));
  return step("TypeScript", [join(root, "node_modules/typescript/bin/tsc"), ...args]);
}

/** Declares the methods of what was compiled, and bundles; false if that failed, after saying why. */
async function completed({ compiled }) {
  try {
    if (compiled) await declareMethods();
  } catch (error) {
    console.error(`The declarations of methods failed: ${error.message}`);
    return false;
  }
  try {
    await bundle();
    return true;
  } catch (error) {
    console.error(`The bundles' build failed: ${error.message}`);
    return false;
  }
}

/**
 * tsc and esbuild, which Go runs, end before it pays to collect garbage: a fifth of tsc's time for a tenth of its memory. Said
 * in the environment, from which all that are started have it.
 */
function collectNoGarbage() {
  process.env.GOGC ??= "off";
  process.env.GOMEMLIMIT ??= "2500MiB";
}

/** Builds what is out of date. Resolves to the exit code: 0, or that of the step that failed. */
export async function build({ force = false } = {}) {
  collectNoGarbage();
  if (force) rmSync(output, { recursive: true, force: true });
  const stamps = readStamps();
  // tsc trusts its own notes of what it wrote, so they go when our stamp does.
  if (stamps.typescript === undefined) rmSync(join(output, ".tsbuildinfo"), { force: true });
  const kernels = hasKernels() ? kernelStamp() : undefined;
  const kernelsStale = stamps.kernels !== kernels;
  if (!kernelsStale && stamps.typescript === typescriptStamp()) return 0;

  const started = performance.now();
  console.error("Building ...");
  // Taken before the compiler runs: a file saved meanwhile makes the next build look again.
  const typescript = typescriptStamp();
  const typescriptStale = stamps.typescript !== typescript;
  // At once: most of both is one thread.
  const [ofKernels, ofTypescript] = await Promise.all([
    kernelsStale && kernels !== undefined ? step("The kernels' build", [kernelScript]) : 0,
    typescriptStale ? compileTypescript() : 0,
  ]);
  if (ofKernels === 0) writeStamps({ ...stamps, kernels });
  const failed = ofKernels || ofTypescript;
  if (failed) return failed;
  // The bundles hold the kernels, too.
  if (hasEntries() && !(await completed({ compiled: typescriptStale }))) return 1;
  writeStamps({ kernels, typescript });
  console.error(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
  return 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await build({ force: process.argv.includes("--force") });
}
