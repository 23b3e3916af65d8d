// Compiles src/engines/wasm/assembly into the kernel binaries of the wasm engine, each a module of text that every
// bundler can carry (base64 of the binary, deflated):
//
//   build/inlined/kernels/{simd,relaxed,classic}.js
//
// relaxed: fused multiply-add (relaxed SIMD). classic: for hand-made features (assembly/classic.ts). They import env.memory, of one thread; a binary for memory that threads
// share differs in one byte, whose place the module tells.
// Does nothing if the binaries are newer than the sources; --force compiles all the same, --without=relaxed only the
// others.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "src/engines/wasm/assembly");
const outputs = join(root, "build/inlined/kernels");

/** The largest memory that 32-bit addresses reach, in pages of 64 KiB. */
const MAXIMUM_PAGES = 65536;

const variants = ["simd", "relaxed", "classic"]
  .filter((name) => !process.argv.includes(`--without=${name}`))
  .map((name) => ({
    file: join(outputs, `${name}.js`),
    entry: name === "classic" ? "classic.ts" : "index.ts",
    relaxed: name === "relaxed",
  }));

const newestSource = Math.max(
  statSync(fileURLToPath(import.meta.url)).mtimeMs,
  ...readdirSync(sources, { recursive: true }).map((name) => statSync(join(sources, name)).mtimeMs),
);
const stale = variants.filter(
  ({ file }) =>
    process.argv.includes("--force") ||
    !((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newestSource),
);
if (stale.length > 0) {
  const { default: asc } = await import("assemblyscript/asc");
  mkdirSync(outputs, { recursive: true });
  for (const { file, entry, relaxed } of stale) {
    const binary = await compile(asc, { entry, relaxed, shared: false });
    const flag = differingByte(binary, await compile(asc, { entry, relaxed, shared: true }));
    const text = deflateRawSync(binary, { level: 9 }).toString("base64");
    writeFileSync(file, `export default "${text}";\nexport const sharedFlagAt = ${flag};\n`);
  }
}

/** Where the flag is that says whether the memory is shared (3 in place of 1): the one byte in which both differ. */
function differingByte(single, shared) {
  const places = [...single.keys()].filter((at) => single[at] !== shared[at]);
  const [at] = places;
  if (places.length === 1 && single.length === shared.length && single[at] === 1 && shared[at] === 3)
    return at;
  throw new Error("the binaries for shared memory and for one thread differ in more than the memory's flag");
}

async function compile(asc, { entry, relaxed, shared }) {
  const flags = ["--runtime", "stub", "-O3", "--noAssert", "--memoryBase", "1024", "--stackSize", "0"];
  flags.push("--importMemory", "--initialMemory", "2", "--maximumMemory", String(MAXIMUM_PAGES));
  flags.push("--enable", "simd", "--disable", "mutable-globals");
  if (shared) flags.push("--sharedMemory", "--enable", "threads");
  if (relaxed) flags.push("--enable", "relaxed-simd");
  const written = new Map();
  const { error, stderr } = await asc.main(
    [relative(root, join(sources, entry)), "--baseDir", root, "--outFile", "kernels.wasm", ...flags],
    { writeFile: (name, contents) => void written.set(name, contents) },
  );
  const binary = written.get("kernels.wasm");
  if (error || !binary) {
    process.stderr.write(`${stderr.toString()}\n${error?.message ?? "asc wrote no binary"}\n`);
    process.exit(1);
  }
  return binary;
}
