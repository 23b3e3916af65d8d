import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FileError } from "../../src/base/errors.ts";
import { readMaybeGzipped } from "../../src/io/gzip_file.ts";
import { readImage } from "../../src/io/images/decode_image.ts";
import { readRegularFile, readTextSync, withRegularFile } from "../../src/io/regular_file.ts";
import { readSafetensors } from "../../src/io/safetensors/safetensors_file.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
after(() => rmSync(folder, { recursive: true }));

const READERS: [string, (path: string) => Promise<unknown>][] = [
  ["readRegularFile", (path) => readRegularFile(path, 1000)],
  ["readTextSync", async (path) => readTextSync(path)],
  ["readMaybeGzipped", (path) => readMaybeGzipped(path, 1000)],
  ["readImage", readImage],
  ["readSafetensors", readSafetensors],
];

/** What stands where a file should be, and what is said of it. */
function oddities(): [string, RegExp][] {
  const at = (name: string) => join(folder, name);
  mkdirSync(at("folder"));
  symlinkSync(at("loop"), at("loop"));
  symlinkSync(at("gone"), at("dangling"));
  const odd: [string, RegExp][] = [
    [at("folder"), /folder: it is a folder; name a file/],
    [at("none"), /none: there is no such file \(ENOENT\)/],
    [at("dangling"), /dangling: there is no such file \(ENOENT\)/],
    [at("loop"), /cannot read .*loop: .*ELOOP/],
  ];
  for (const device of ["/dev/zero", "/dev/null"])
    if (existsSync(device)) odd.push([device, /it is a device, not a regular file/]);
  try {
    execFileSync("mkfifo", [at("pipe")], { stdio: "ignore" });
    odd.push([at("pipe"), /pipe: it is a pipe, not a regular file; copy what it gives into a file/]);
  } catch {
    // No pipes with names here.
  }
  return odd;
}

const ODDITIES = oddities();

for (const [name, read] of READERS) {
  test(`${name} refuses at once what is not a regular file`, async () => {
    for (const [path, message] of ODDITIES) {
      await assert.rejects(read(path), (error: Error) => {
        assert.ok(error instanceof FileError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  });
}

test("a file is read whole or in parts, within its bound", async () => {
  const path = join(folder, "a");
  writeFileSync(path, "größer");
  assert.equal(readTextSync(path), "größer");
  assert.equal(Buffer.from(await readRegularFile(path, 8)).toString(), "größer");
  const part = await withRegularFile(path, (file) => file.read(4, file.size));
  assert.equal(Buffer.from(part).toString(), "ßer");
  assert.equal(part.buffer.byteLength, part.length);
  await assert.rejects(readRegularFile(path, 7), /expected at most 7 bytes, it has 8/);
  assert.throws(() => readTextSync(path, 7), /expected at most 7 bytes, it has 8/);
});

test("a file that becomes shorter while it is read is told from a whole one", async () => {
  const path = join(folder, "shrinking");
  writeFileSync(path, "0123456789");
  const reading = withRegularFile(path, async (file) => {
    truncateSync(path, 4);
    return file.read(0, file.size);
  });
  await assert.rejects(reading, /shrinking became shorter while it was read; try again/);
});

test("a file of gigabytes that holds nothing is refused by its header", async (t) => {
  const path = join(folder, "sparse");
  writeFileSync(path, "");
  try {
    truncateSync(path, 5 * 2 ** 30);
  } catch {
    t.skip("the file system has no sparse files");
    return;
  }
  await assert.rejects(readSafetensors(path), /sparse: the header does not start with "{"/);
  await assert.rejects(readImage(path), /sparse is not the file it should be: expected at most/);
  await assert.rejects(readMaybeGzipped(path, 1000), /at most 1000 bytes unpacked, got 5368709120/);
});
