/** Libraries that cannot be used, and how they are refused. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
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
import { zipSync } from "fflate";
import { EngineError } from "../../../src/base/errors.ts";
import { loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { installOnednn } from "../../../src/install/install_onednn.ts";
import { takeFromWheel, WHEEL } from "../../../src/install/onednn_sources.ts";
import { convoyant } from "../../cli/run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "onednn-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function refused(path: string, message: RegExp): void {
  assert.throws(
    () => loadDnnl(path),
    (error: Error) => error instanceof EngineError && message.test(error.message),
  );
}

/** An ELF header and nothing more. */
function elfHeader(machine: number): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  new DataView(header.buffer).setUint16(16, 3, true);
  new DataView(header.buffer).setUint16(18, machine, true);
  new DataView(header.buffer).setUint32(20, 1, true);
  return header;
}

test("a file that is missing, no library, or of another architecture", {
  skip: process.platform !== "linux",
}, () => {
  refused(join(folder, "nothing.so"), /nothing\.so: not found/);
  const text = join(folder, "text.so");
  writeFileSync(text, "this is not a library, however long one looks at it ".repeat(20));
  refused(text, /text\.so: it is not a shared library/);
  const foreign = join(folder, "foreign.so");
  const [arm, intel] = [0xb7, 0x3e];
  writeFileSync(foreign, elfHeader(process.arch === "arm64" ? intel : arm));
  refused(foreign, /foreign\.so: it was built for another architecture/);
});

test("a folder, a pipe, a device, and a library that is cut short anywhere", {
  skip: process.platform !== "linux",
}, () => {
  refused(folder, /: it is a folder; name a library file/);
  refused("/dev/zero", /\/dev\/zero: it is not a file; name a library file/);
  const pipe = join(folder, "pipe.so");
  execFileSync("mkfifo", [pipe]);
  refused(pipe, /pipe\.so: it is not a file/);
  // Node.js itself is built like a library, and long enough to be cut in every part.
  const whole = readFileSync(process.execPath);
  for (const length of [0, 1, 4, 63, 64, 65, 200, 4096, 5000, whole.length >> 1]) {
    const path = join(folder, "cut.so");
    writeFileSync(path, whole.subarray(0, length));
    refused(path, length < 64 ? /cut\.so: it is not a shared library/ : /cut\.so: it is cut short: it needs/);
  }
});

const compiler = spawnSync("cc", ["--version"]).status === 0;

function compile(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(`${path}.c`, code);
  execFileSync("cc", ["-shared", "-fPIC", "-o", path, `${path}.c`]);
  return path;
}

test("a library that is not oneDNN, or too old", {
  skip: compiler ? false : "there is no C compiler here",
}, () => {
  refused(compile("other.so", "int something(void) { return 1; }"), /other\.so: it is not oneDNN/);
  const version = (major: number, minor: number) =>
    `static int v[8] = {${major}, ${minor}, 4}; const int *dnnl_version(void) { return v; }`;
  refused(
    compile("old.so", version(1, 8)),
    /old\.so: it is version 1\.8\.4, too old; 2\.3 or newer is needed/,
  );
  refused(compile("new.so", version(4, 0)), /new\.so: it is version 4\.0\.4; versions 2\.3 to 3 are known/);
});

test("a wheel whose hash differs, or whose library's does, leaves nothing behind", () => {
  const before = readdirSync(folder);
  const archive = zipSync({ [WHEEL.member]: new TextEncoder().encode("not the library") });
  assert.throws(
    () => takeFromWheel(archive, folder),
    /whl is not the file that was expected: its SHA-256 is/,
  );
  const sha256 = execFileSync("sha256sum", { input: archive }).toString().slice(0, 64);
  assert.throws(
    () => takeFromWheel(archive, folder, { ...WHEEL, sha256 }),
    /libdnnl\.so\.3 is not the file that was expected/,
  );
  assert.deepEqual(readdirSync(folder), before);
});

test("an installation that fails lists what was tried and leaves nothing behind", async () => {
  const into = join(folder, "cache");
  const broken = async (at: string) => {
    const path = join(at, "libdnnl.so.3");
    writeFileSync(path, readFileSync(process.execPath).subarray(0, 4096));
    return path;
  };
  const absent = async () => {
    throw new EngineError("no answer");
  };
  await assert.rejects(
    installOnednn(
      () => {},
      [
        { title: "the first", fetch: broken },
        { title: "the second", fetch: absent },
      ],
      into,
    ),
    (error: Error) =>
      error instanceof EngineError &&
      /the first: oneDNN cannot be used: [\s\S]*the second: no answer/.test(error.message),
  );
  assert.deepEqual(readdirSync(into), []);
});

test("an installation that is interrupted leaves nothing behind", {
  skip: process.platform === "linux" && process.arch === "x64" ? false : "the wheel is for Linux on x86-64",
}, async () => {
  const [programs, cache] = ["slow programs", "interrupted"].map((name) => join(folder, name));
  mkdirSync(programs);
  const slow = `#!${process.execPath}\nsetTimeout(() => {}, 3000);`;
  writeFileSync(join(programs, "python3"), slow, { mode: 0o755 });
  const into = join(cache, "convoyant", "onednn");
  let during: string[] = [];
  const ended = await convoyant(["engine", "install", "onednn"], {
    env: { PATH: programs, XDG_CACHE_HOME: cache },
    onLine: (_line, child) => {
      during = readdirSync(into);
      child.kill("SIGINT");
    },
  });
  assert.equal(ended.code, 130, ended.stderr);
  assert.equal(during.length, 1);
  assert.deepEqual(readdirSync(into), []);
});

test("without koffi the installation says the one command that is missing, and fetches nothing", {
  skip: process.platform === "linux" ? false : "native libraries are used on Linux only",
}, async () => {
  const preload = join(folder, "no_koffi.cjs");
  writeFileSync(
    preload,
    `const Module = require("node:module");
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name !== "koffi") return resolve(name, ...rest);
      throw Object.assign(new Error("Cannot find module 'koffi'"), { code: "MODULE_NOT_FOUND" });
    };`,
  );
  const cache = join(folder, "no koffi");
  const { code, stdout, stderr } = await convoyant(["engine", "install", "onednn"], {
    cwd: folder,
    env: { NODE_OPTIONS: `--require ${preload}`, XDG_CACHE_HOME: cache },
  });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^EngineError: oneDNN is not installed: the package koffi is not installed; install it with `npm install koffi@3`, then `npx convoyant engine install onednn` again\n$/,
  );
  assert.equal(existsSync(cache), false);
});
