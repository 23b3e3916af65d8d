// Compiles src/engines/wasm/assembly into the four kernel binaries of the wasm engine, each a module of text that every
// bundler can carry (base64 of the binary, deflated):
//
//   build/inlined/kernels/{simd,relaxed}.{shared,single}.js
//
// relaxed: fused multiply-add (relaxed SIMD); shared: memory that threads share. Both import env.memory.
// Does nothing where the binaries are newer than the sources; --force compiles all the same.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "src/engines/wasm/assembly");
const outputs = join(root, "build/inlined/kernels");

/** The largest memory that 32-bit addresses reach, in pages of 64 KiB. */
const MAXIMUM_PAGES = 65536;

const variants = [];
for (const arithmetic of ["simd", "relaxed"]) {
  for (const memory of ["shared", "single"]) {
    const file = join(outputs, `${arithmetic}.${memory}.js`);
    variants.push({ file, relaxed: arithmetic === "relaxed", shared: memory === "shared" });
  }
}

const newestSource = Math.max(
  statSync(fileURLToPath(import.meta.url)).mtimeMs,
  ...readdirSync(sources).map((name) => statSync(join(sources, name)).mtimeMs),
);
const stale = variants.filter(
  ({ file }) =>
    process.argv.includes("--force") ||
    !((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newestSource),
);
if (stale.length > 0) {
  const { default: asc } = await import("assemblyscript/asc");
  mkdirSync(outputs, { recursive: true });
  for (const variant of stale) await compile(asc, variant);
}

async function compile(asc, { file, relaxed, shared }) {
  const flags = ["--runtime", "stub", "-O3", "--noAssert", "--memoryBase", "1024", "--stackSize", "0"];
  flags.push("--importMemory", "--initialMemory", "2", "--maximumMemory", String(MAXIMUM_PAGES));
  flags.push("--enable", "simd", "--disable", "mutable-globals");
  if (shared) flags.push("--sharedMemory", "--enable", "threads");
  if (relaxed) flags.push("--enable", "relaxed-simd");
  const written = new Map();
  const { error, stderr } = await asc.main(
    [relative(root, join(sources, "index.ts")), "--baseDir", root, "--outFile", "kernels.wasm", ...flags],
    { writeFile: (name, contents) => void written.set(name, contents) },
  );
  const binary = written.get("kernels.wasm");
  if (error || !binary) {
    process.stderr.write(`${stderr.toString()}\n${error?.message ?? "asc wrote no binary"}\n`);
    process.exit(1);
  }
  const text = deflateRawSync(binary, { level: 9 }).toString("base64");
  writeFileSync(file, `export default "${text}";\n`);
}
