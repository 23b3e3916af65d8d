import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FileError } from "../../src/base/errors.ts";
import {
  removeLeftoversSync,
  type WriterFs,
  writeFileAtomic,
  writeFileAtomicSync,
} from "../../src/io/atomic_file.ts";
import { makeFolderSync } from "../../src/io/make_folder.ts";

function folderOf(t: TestContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}

const WRITERS: [string, (path: string, content: string | Uint8Array | Uint8Array[]) => Promise<void>][] = [
  ["writeFileAtomic", writeFileAtomic],
  ["writeFileAtomicSync", async (path, content) => writeFileAtomicSync(path, content)],
];

for (const [name, write] of WRITERS) {
  test(`${name} writes text, bytes and pieces, and replaces`, async (t) => {
    const folder = folderOf(t);
    const path = join(folder, "a.txt");
    await write(path, "größer");
    assert.equal(fs.readFileSync(path, "utf8"), "größer");
    await write(path, Uint8Array.of(1, 2));
    await write(path, [Uint8Array.of(3), new Uint8Array(0), Uint8Array.of(4, 5)]);
    assert.deepEqual([...fs.readFileSync(path)], [3, 4, 5]);
    assert.deepEqual(fs.readdirSync(folder), ["a.txt"]);
  });

  test(`${name} says what to do if the folder is missing or the path is a folder, a file's child, a device`, async (t) => {
    const folder = folderOf(t);
    fs.writeFileSync(join(folder, "file"), "");
    const refused = (path: string, message: RegExp) =>
      assert.rejects(write(path, "x"), (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.ok(error.message.includes(path), error.message);
        assert.match(error.message, message);
        return true;
      });
    await refused(join(folder, "none", "a"), /its folder does not exist.*create it/);
    await refused(folder, /it is a folder; name a file/);
    await refused(join(folder, "file", "a"), /a part of the path is a file/);
    if (fs.existsSync("/dev/null")) {
      await refused("/dev/null", /not a regular file/);
      assert.ok(fs.statSync("/dev/null").isCharacterDevice());
    }
    assert.deepEqual(fs.readdirSync(folder), ["file"]);
  });

  test(`${name} on a disk that is really full`, async (t) => {
    const folder = folderOf(t);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    } catch {
      t.skip("mounting a small file system needs root");
      return;
    }
    try {
      const path = join(folder, "checkpoint");
      await write(path, "the old one");
      await assert.rejects(write(path, new Uint8Array(1 << 20)), (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(
          error.message,
          /cannot write .*checkpoint: the disk is full \(ENOSPC\); free some space/,
        );
        return true;
      });
      assert.equal(fs.readFileSync(path, "utf8"), "the old one");
      assert.deepEqual(fs.readdirSync(folder), ["checkpoint"]);
    } finally {
      execFileSync("umount", [folder]);
    }
  });
}

/** node:fs with one call that fails, after `passes` calls that do not. */
function failing(call: keyof WriterFs, code: string, passes = 0): WriterFs {
  let left = passes;
  const replacement = (...args: unknown[]) => {
    if (left-- > 0) return (fs[call] as (...a: unknown[]) => unknown)(...args);
    throw Object.assign(new Error(`${code}: injected`), { code });
  };
  return { ...fs, [call]: replacement } as WriterFs;
}

const FAILURES: [keyof WriterFs, string, RegExp][] = [
  ["openSync", "EACCES", /permission denied \(EACCES\)/],
  ["openSync", "EROFS", /read-only/],
  ["openSync", "EMFILE", /too many files/],
  ["writeSync", "ENOSPC", /the disk is full \(ENOSPC\)/],
  ["writeSync", "EDQUOT", /the disk is full \(EDQUOT\)/],
  ["fsyncSync", "EIO", /EIO: injected/],
  ["renameSync", "EPERM", /permission denied \(EPERM\)/],
];

for (const [call, code, message] of FAILURES) {
  test(`a ${call} that fails with ${code} leaves the old file and nothing else`, (t) => {
    const folder = folderOf(t);
    const path = join(folder, "a");
    fs.writeFileSync(path, "old");
    assert.throws(
      () => writeFileAtomicSync(path, "new", failing(call, code)),
      (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.message, message);
        return true;
      },
    );
    assert.equal(fs.readFileSync(path, "utf8"), "old");
    assert.deepEqual(fs.readdirSync(folder), ["a"]);
  });
}

test("a disk that takes one byte at a time gets the whole file", (t) => {
  const path = join(folderOf(t), "a");
  const slow = {
    ...fs,
    writeSync: ((descriptor: number, bytes: Uint8Array, offset: number) =>
      fs.writeSync(descriptor, bytes, offset, 1)) as typeof fs.writeSync,
  };
  writeFileAtomicSync(path, "hello", slow);
  assert.equal(fs.readFileSync(path, "utf8"), "hello");
});

test("folders are made with those above them, or one error says why not", (t) => {
  const folder = folderOf(t);
  makeFolderSync(join(folder, "a", "b", "c"));
  makeFolderSync(join(folder, "a", "b", "c"));
  assert.ok(fs.statSync(join(folder, "a", "b", "c")).isDirectory());
  fs.writeFileSync(join(folder, "file"), "");
  const refused = (path: string, message: RegExp) =>
    assert.throws(
      () => makeFolderSync(path),
      (error: Error) => error instanceof FileError && message.test(error.message),
    );
  refused(join(folder, "file"), /a file of that name is in the way/);
  refused(join(folder, "file", "x"), /a part of the path is a file/);
  if (fs.existsSync("/proc/self")) refused("/proc/none/x", /cannot write .proc.none/);
});

test("leftovers of a killed writer are removed, those of a living one stay", (t) => {
  const folder = folderOf(t);
  const dead = ".last.safetensors.4194303.0123456789ab.tmp";
  const living = `.last.safetensors.${process.pid}.0123456789ab.tmp`;
  for (const name of [dead, living, "keep.tmp", ".other"]) fs.writeFileSync(join(folder, name), "");
  assert.deepEqual(removeLeftoversSync(folder), [dead]);
  assert.deepEqual(fs.readdirSync(folder).sort(), [living, ".other", "keep.tmp"].sort());
});

for (const [name, write] of WRITERS) {
  test(`${name} removes old leftovers of killed writers in the folder that it writes into`, async (t) => {
    const folder = folderOf(t);
    const [old, young] = ["0123456789ab", "0123456789ac"].map((key) => `.weights.4194303.${key}.tmp`);
    const living = `.weights.${process.pid}.0123456789ab.tmp`;
    for (const each of [old, young, living, "keep.tmp"]) fs.writeFileSync(join(folder, each), "");
    const before = Date.now() / 1000 - 2 * 3600;
    for (const each of [old, living, "keep.tmp"]) fs.utimesSync(join(folder, each), before, before);
    await write(join(folder, "weights"), "new");
    assert.deepEqual(fs.readdirSync(folder).sort(), [young, living, "keep.tmp", "weights"].sort());
  });
}
