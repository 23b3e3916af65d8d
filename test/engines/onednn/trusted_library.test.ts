/** Native code that another user can have changed is not loaded. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import {
  dnnlFacts,
  forgetDnnlFacts,
  libraryFolder,
  loadDnnl,
} from "../../../src/engines/onednn/library/load_dnnl.ts";
import { recordPath, UntrustedLibraryError } from "../../../src/engines/onednn/library/trusted_file.ts";
import { recordLibrary } from "../../../src/install/installed_library.ts";
import { missingLibrary } from "./library.ts";

const missing = missingLibrary();
const skip = missing || (process.platform === "linux" ? false : "native libraries are used on Linux only");
const root = mkdtempSync(join(tmpdir(), "trusted-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** The file that the loader has taken for the library. */
const source = missing
  ? ""
  : (/\/\S*libdnnl\.so\S*/.exec(readFileSync("/proc/self/maps", "utf8"))?.[0] ?? "");
let count = 0;

/** A cache with the library installed in it. */
function installed(): string {
  process.env.CONVOYANT_DNNL = "";
  process.env.XDG_CACHE_HOME = join(root, `cache-${count++}`);
  mkdirSync(libraryFolder(), { recursive: true });
  const path = join(libraryFolder(), /\.so\.3/.test(source) ? "libdnnl.so.3" : "libdnnl.so.2");
  copyFileSync(source, path);
  chmodSync(path, 0o644);
  recordLibrary(path);
  forgetDnnlFacts();
  return path;
}

function refused(message: RegExp): void {
  forgetDnnlFacts();
  assert.throws(
    () => loadDnnl(),
    (error: Error) => {
      assert.ok(error instanceof UntrustedLibraryError, error.message);
      assert.match(error.message, message);
      return true;
    },
  );
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  const { atime, mtime } = statSync(path);
  writeFileSync(path, bytes);
  // An attacker who hides a change sets the time back.
  utimesSync(path, atime, mtime);
}

test("an installed library is loaded; one that was changed, replaced or not recorded is not", {
  skip,
}, () => {
  let path = installed();
  assert.equal(loadDnnl().path, path);

  const changes: [RegExp, (library: string) => void][] = [
    [/is not the file that was installed: its SHA-256 is \w+, not/, (library) => flip(library, 300_000)],
    [/is not the file that was installed: it has \d+ bytes/, (library) => appendFileSync(library, "x")],
    [/has no record of its installation/, (library) => rmSync(recordPath(library))],
    [/has no record of its installation/, (library) => writeFileSync(recordPath(library), "{}")],
    [/has no record of its installation/, (library) => writeFileSync(recordPath(library), "[".repeat(1e6))],
  ];
  for (const [message, change] of changes) {
    path = installed();
    change(path);
    refused(message);
    refused(/libdnnl\.so\.\d .*; `npx convoyant engine install onednn` installs it again$/);
  }
});

test("a copy of cache and record is hashed once, then known", { skip }, () => {
  const path = installed();
  const before = readFileSync(recordPath(path), "utf8");
  copyFileSync(path, `${path}.copy`);
  renameSync(`${path}.copy`, path);
  assert.equal(loadDnnl().path, path);
  const later = readFileSync(recordPath(path), "utf8");
  assert.notEqual(later, before);
  assert.equal(JSON.parse(later).sha256, JSON.parse(before).sha256);
  assert.equal(JSON.parse(later).identity.split(" ")[1], String(statSync(path).ino));
});

test("a file or a folder that others can write, or that another user owns", { skip }, () => {
  for (const above of [0, 1, 2]) {
    for (const mode of [0o020, 0o002]) {
      const path = installed();
      let changed = path;
      for (let i = 0; i < above; i++) changed = dirname(changed);
      chmodSync(changed, statSync(changed).mode | mode);
      refused(new RegExp(`${changed} can be written by other users; \`chmod go-w ${changed}\` ends that`));
    }
  }
  if (process.getuid?.() !== 0) return;
  for (const above of [0, 1, 2]) {
    const path = installed();
    let changed = path;
    for (let i = 0; i < above; i++) changed = dirname(changed);
    chownSync(changed, 65534, 65534);
    refused(new RegExp(`${changed} belongs to another user \\(65534\\)`));
  }
});

test("a library that is named is looked at too, also through a link", { skip }, () => {
  const path = installed();
  const named = join(root, "named");
  mkdirSync(named);
  const own = join(named, "mine.so");
  copyFileSync(path, own);
  const link = join(root, "link.so");
  symlinkSync(own, link);
  for (const name of [own, link]) {
    process.env.CONVOYANT_DNNL = name;
    assert.equal(loadDnnl().path, name);
  }
  chmodSync(named, 0o777);
  refused(/named can be written by other users/);
  // As in /tmp, others can add files, but not replace ours.
  chmodSync(named, 0o1777);
  loadDnnl();
  chmodSync(own, 0o666);
  refused(/mine\.so can be written by other users/);
});

const compiler = spawnSync("cc", ["--version"]).status === 0;

test("nothing of a refused library runs, and what it falls back to is said", {
  skip: skip || (compiler ? false : "there is no C compiler here"),
}, (t) => {
  const path = installed();
  const mark = join(root, "it ran");
  const code = `#include <stdio.h>\n__attribute__((constructor)) static void run(void) { fclose(fopen("${mark}", "w")); }`;
  writeFileSync(join(root, "foreign.c"), code);
  assert.equal(spawnSync("cc", ["-shared", "-fPIC", "-o", path, join(root, "foreign.c")]).status, 0);
  refused(/is not the file that was installed/);
  const warn = t.mock.method(console, "warn", () => {});
  forgetDnnlFacts();
  assert.equal(dnnlFacts(), null);
  assert.match(String(warn.mock.calls[0].arguments[0]), /is not the file that was installed/);
  assert.equal(existsSync(mark), false);
});
