/** Folders that are written whole or not at all. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FileError } from "../../src/base/errors.ts";
import type { WriterFs } from "../../src/io/atomic_file.ts";
import {
  requireFreeFolder,
  SHIPMENT_FILE,
  sha256Of,
  writePage,
  writeShipment,
} from "../../src/ship/shipment_folder.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const root = temporaryFolder();
const files = (text: string) => new Map([["a.txt", text]]);
const names = (folder: string) => fs.readdirSync(folder).sort();

test("a folder is written with a record of its files, and replaced by the next shipment", () => {
  const folder = join(root, "deep", "down", "out");
  const [listed] = writeShipment(folder, files("one"));
  assert.deepEqual(listed, { name: "a.txt", bytes: 3, sha256: sha256Of("one") });
  assert.deepEqual(names(folder), ["a.txt", SHIPMENT_FILE]);
  assert.deepEqual(JSON.parse(fs.readFileSync(join(folder, SHIPMENT_FILE), "utf8")).files, [listed]);
  writeShipment(folder, new Map([["b.txt", "two"]]));
  assert.deepEqual(names(folder), ["b.txt", SHIPMENT_FILE]);
  assert.deepEqual(names(join(root, "deep", "down")), ["out"], "nothing is left beside it");
});

test("an empty folder is taken", () => {
  const folder = join(root, "empty");
  fs.mkdirSync(folder);
  writeShipment(folder, files("one"));
  assert.deepEqual(names(folder), ["a.txt", SHIPMENT_FILE]);
});

test("a link to an earlier shipment stays a link", () => {
  const [folder, link] = [join(root, "behind", "real"), join(root, "link")];
  writeShipment(folder, files("one"));
  fs.symlinkSync(folder, link);
  writeShipment(link, files("two"));
  assert.ok(fs.lstatSync(link).isSymbolicLink());
  assert.equal(fs.readFileSync(join(folder, "a.txt"), "utf8"), "two");
});

test("what is not an earlier shipment is left alone", () => {
  const folder = join(root, "mine");
  fs.mkdirSync(folder);
  fs.writeFileSync(join(folder, "thesis.tex"), "years");
  assert.throws(
    () => writeShipment(folder, files("one")),
    (error: Error) =>
      error instanceof FileError &&
      /mine is in use: it holds thesis\.tex and is not an earlier shipment.*choose another `out`/.test(
        error.message,
      ),
  );
  fs.writeFileSync(join(folder, SHIPMENT_FILE), '{"format":"another"}');
  assert.throws(() => requireFreeFolder(folder), /mine is in use: it holds shipment\.json, thesis\.tex/);
  assert.equal(fs.readFileSync(join(folder, "thesis.tex"), "utf8"), "years");
  assert.throws(
    () => writeShipment(join(folder, "thesis.tex"), files("one")),
    /thesis\.tex is a file, not a folder/,
  );
});

test("an earlier shipment into which something was put is left alone", () => {
  const folder = join(root, "grown");
  writeShipment(folder, files("one"));
  fs.writeFileSync(join(folder, "own.css"), "body {}");
  assert.throws(
    () => writeShipment(folder, files("two")),
    /grown is in use: own\.css in it is not of the earlier shipment/,
  );
  assert.equal(fs.readFileSync(join(folder, "a.txt"), "utf8"), "one");
});

test("a disk that fills up leaves the earlier shipment as it was, and nothing else", () => {
  const folder = join(root, "full", "out");
  writeShipment(folder, files("one"));
  const full: WriterFs = {
    ...fs,
    writeSync: () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    },
  };
  assert.throws(
    () => writeShipment(folder, files("two"), full),
    (error: Error) =>
      error instanceof FileError &&
      /cannot write .*full\/out\/a\.txt: the disk is full \(ENOSPC\)/.test(error.message),
  );
  assert.equal(fs.readFileSync(join(folder, "a.txt"), "utf8"), "one");
  assert.deepEqual(names(join(root, "full")), ["out"]);
});

test("a page replaces an earlier page only", async () => {
  const path = join(root, "page.html");
  const page = '<!doctype html><meta name="generator" content="convoyant ship 1">';
  await writePage(path, page);
  await writePage(path, `${page}new`);
  assert.match(fs.readFileSync(path, "utf8"), /new$/);
  fs.writeFileSync(path, "<!doctype html>my own");
  await assert.rejects(
    writePage(path, page),
    /page\.html is in use: it is not an earlier shipment; choose another `out`/,
  );
  assert.match(fs.readFileSync(path, "utf8"), /my own/);
});
