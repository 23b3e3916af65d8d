/** What `npm start` says and does where oneDNN is not there. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { missingLibrary } from "./library.ts";

const skip = process.platform === "linux" ? false : "native libraries are used on Linux only";
const script = fileURLToPath(new URL("./start_with.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "at-start-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** Files that hide the system's library from the loader. */
const hidden = join(root, "hidden");
mkdirSync(hidden);
for (const name of ["libdnnl.so.2", "libdnnl.so.3"]) writeFileSync(join(hidden, name), "");

interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts with a cache of its own. `how` the library is installed: see `start_with.ts`. */
function start(
  how: string,
  cache: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Said> {
  const all = {
    ...process.env,
    CONVOYANT_DNNL: "",
    XDG_CACHE_HOME: join(root, cache),
    LD_LIBRARY_PATH: hidden,
  };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [script, how, ...args],
      { env: { ...all, ...env } },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr });
        else reject(new Error(stderr || error.message));
      },
    );
  });
}

/** The file that the loader has taken for the library. */
function libraryFile(): string {
  return /\/\S*libdnnl\.so\S*/.exec(readFileSync("/proc/self/maps", "utf8"))?.[0] ?? "";
}

test("installs it and computes with it; one line says so", { skip: skip || missingLibrary() }, async () => {
  const library = { CONVOYANT_TEST_LIBRARY: libraryFile() };
  const { stdout, stderr } = await start("copy", "brought", ["train", "lenet"], library);
  assert.match(
    stderr,
    /^oneDNN is not installed, downloading it: \d+\.\d+\.\d+ .* is installed as .*\/brought\/convoyant\/onednn\/libdnnl\.so\.\d \(a copy\)\n$/,
  );
  assert.equal(stdout, "onednn\n");
  const again = await start("copy", "brought", ["train", "lenet"], library);
  assert.deepEqual(again, { stdout: "onednn\n", stderr: "" });
});

test("trains on wasm if it is unavailable, in one line, and does not ask for it at every start", {
  skip,
}, async () => {
  const without = { PATH: join(root, "no programs") };
  const first = await start("fetch", "none", ["train", "lenet"], without);
  assert.match(
    first.stderr,
    /^oneDNN is not installed, downloading it: it is unavailable \(.*not installed.*\); training on wasm; `npx convoyant engine install onednn` tries again\n$/,
  );
  assert.equal(first.stdout, "wasm\n");
  const second = await start("copy", "none", ["train", "lenet"], without);
  assert.equal(
    second.stderr,
    "oneDNN is not installed: training on wasm; `npx convoyant engine install onednn` tries again\n",
  );
  assert.equal(second.stdout, "wasm\n");
  assert.deepEqual(readdirSync(join(root, "none/convoyant/onednn")), ["tried"]);
});

test("fetches nothing when the user names a library, another engine, or a command that does not train", {
  skip,
}, async () => {
  const named = await start("copy", "untouched", ["train", "lenet"], {
    CONVOYANT_DNNL: "/nowhere/libdnnl.so.3",
  });
  assert.deepEqual(named, {
    stdout: "wasm\n",
    stderr: "oneDNN cannot be used: /nowhere/libdnnl.so.3: not found: training on wasm\n",
  });
  for (const args of [
    ["train", "lenet", "--engine", "wasm"],
    ["train", "--help"],
    ["engine"],
    ["summary", "lenet"],
  ]) {
    assert.equal((await start("copy", "untouched", args)).stderr, "", args.join(" "));
  }
  assert.equal(existsSync(join(root, "untouched")), false);
});

test("a wheel and a package that are not what they should be", {
  skip: skip || (process.arch === "x64" ? false : "the wheel is for x86-64"),
}, async () => {
  const programs = join(root, "programs");
  mkdirSync(programs);
  const program = (name: string, code: string) =>
    writeFileSync(join(programs, name), `#!${process.execPath}\n${code}`, { mode: 0o755 });
  const option = (name: string) =>
    `process.argv.find((a) => a.startsWith("${name}=")).slice(${name.length + 1})`;
  program("python3", `require("fs").writeFileSync(${option("--dest")} + "/some.whl", "not the wheel");`);
  program("apt-get", `console.error("E: Hash Sum mismatch"); process.exit(100);`);
  const { stdout, stderr } = await start("fetch", "forged", ["train", "lenet"], { PATH: programs });
  assert.match(
    stderr,
    /pip download onednn-cpu-gomp: .*whl is not the file that was expected: its SHA-256 is/,
  );
  assert.match(stderr, /apt-get download libdnnl2: .*E: Hash Sum mismatch/);
  assert.equal(stderr.split("\n").length, 2, stderr);
  assert.equal(stdout, "wasm\n");
  assert.deepEqual(readdirSync(join(root, "forged/convoyant/onednn")), ["tried"]);
});
