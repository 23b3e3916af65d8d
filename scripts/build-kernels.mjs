// Compiles src/engines/wasm/assembly into the kernel binaries of the wasm engine, each a module of text that every
// bundler can carry (base64 of the binary, deflated):
//
//   build/inlined/kernels/{simd,relaxed,late_simd,late_relaxed,classic,random}.js
//
// relaxed: fused multiply-add (relaxed SIMD). late: what not every network needs (assembly/late.ts). classic: for
// hand-made features (assembly/classic.ts). random: for initial values (assembly/random_words.ts), not deflated, so that it
// is there without waiting. They import env.memory, of one thread; a binary for memory that threads share
// differs in one byte, whose place the module tells.
// Does nothing if the binaries are newer than the sources; --force compiles all the same, --without=relaxed and
// --without=classic only the others.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "src/engines/wasm/assembly");
const outputs = join(root, "build/inlined/kernels");

/** The largest memory that 32-bit addresses reach, in pages of 64 KiB. */
const MAXIMUM_PAGES = 65536;

/** How a memory that is imported, with a maximum, says whether threads share it. */
const ALONE = 1;
const SHARED = 3;

const ENTRIES = {
  late_simd: "late.ts",
  late_relaxed: "late.ts",
  classic: "classic.ts",
  random: "random_words.ts",
};
const PLAIN = "random";
const isLeftOut = (name) => name.split("_").some((part) => process.argv.includes(`--without=${part}`));
const variants = ["simd", "relaxed", "late_simd", "late_relaxed", "classic", PLAIN]
  .filter((name) => !isLeftOut(name))
  .map((name) => ({
    file: join(outputs, `${name}.js`),
    entry: ENTRIES[name] ?? "index.ts",
    relaxed: name.endsWith("relaxed"),
    plain: name === PLAIN,
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
  for (const { file, entry, relaxed, plain } of stale) {
    const binary = await compile(asc, { entry, relaxed });
    const flag = sharedFlagAt(binary);
    const bytes = plain ? Buffer.from(binary) : deflateRawSync(binary, { level: 9 });
    const text = bytes.toString("base64");
    writeFileSync(file, `export default "${text}";\nexport const sharedFlagAt = ${flag};\n`);
  }
}

/**
 * Where the flag is that says whether the imported memory is shared. The kernels hold no atomic operation, so the code of
 * both binaries is the same. What this Node.js can run (the oldest has no relaxed SIMD), it can run shared, too.
 */
function sharedFlagAt(binary) {
  const places = importedMemories(binary);
  const shared = binary.slice();
  shared[places[0]] = SHARED;
  const both = [binary, shared].map((bytes) => WebAssembly.validate(bytes));
  if (places.length === 1 && binary[places[0]] === ALONE && both[0] === both[1]) return places[0];
  throw new Error("the kernels' binary imports no memory that could be shared by changing its flag");
}

/** Where the limits of each imported memory begin in a binary (WebAssembly, section 5.5.5). */
function importedMemories(binary) {
  const IMPORTS = 2;
  const [FUNCTION, MEMORY] = [0, 2];
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const skipName = () => {
    const length = number();
    at += length;
  };
  while (binary[at] !== IMPORTS) {
    at++;
    const length = number();
    at += length;
  }
  at++;
  number();
  const found = [];
  for (let left = number(); left > 0; left--) {
    skipName();
    skipName();
    const kind = binary[at++];
    if (kind === MEMORY) {
      found.push(at);
      const flags = number();
      number();
      if (flags & 1) number();
    } else if (kind === FUNCTION) number();
    else throw new Error(`the kernels' binary imports something of kind ${kind}`);
  }
  return found;
}

async function compile(asc, { entry, relaxed }) {
  const flags = ["--runtime", "stub", "-O3", "--noAssert", "--memoryBase", "1024", "--stackSize", "0"];
  flags.push("--importMemory", "--initialMemory", "2", "--maximumMemory", String(MAXIMUM_PAGES));
  flags.push("--enable", "simd", "--disable", "mutable-globals");
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
