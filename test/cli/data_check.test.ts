import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { put, scene } from "../experiments/data_check/checked_folder.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, temporaryFolder } from "./run_cli.ts";

const top = temporaryFolder();

function photos(name: string, count = 4): string {
  const root = join(top, name);
  for (let i = 0; i < count; i++) {
    put(root, `ant/${i}.jpg`, scene(i));
    put(root, `bee/${i}.jpg`, scene(1000 + i, 1));
  }
  return root;
}

test("data check says what it found, and with --strict its exit code does", async () => {
  const root = photos("faulty");
  copyFileSync(join(root, "ant/1.jpg"), join(root, "ant/again.jpg"));
  put(root, "bee/cut.jpg", new Uint8Array(0));
  const plain = await convoyantHere(["data", "check", root]);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /Unreadable files \(1\)\n.*\n {2}bee\/cut\.jpg: /);
  assert.match(
    plain.stdout,
    /Exact duplicates \(1\)\n.*\n.*same file:\n {4}ant\/1\.jpg .*\n {4}ant\/again\.jpg \(the same/,
  );
  assert.match(plain.stdout, /faulty: 9 images, 2 classes: 2 findings in 0:\d\d\n$/);
  assert.equal(plain.stderr, "");
  const strict = await convoyantHere(["data", "check", root, "--strict", "-o", "report.html"]);
  assert.equal(strict.code, 1, strict.stderr);
  assert.match(strict.stdout, /report: report\.html\n$/);
  assert.match(readFileSync(join(top, "report.html"), "utf8"), /ant\/again\.jpg/);
  const skipping = await convoyantHere([
    "data",
    "check",
    root,
    "--strict",
    "--skip",
    "unreadable,exact-duplicates",
  ]);
  assert.equal(skipping.code, 0, skipping.stderr);
});

test("with --json each finding is an object, and the last one sums up", async () => {
  const root = photos("split/train");
  copyFileSync(join(root, "ant/1.jpg"), put(join(top, "split"), "val/ant/same.jpg", new Uint8Array(0)));
  put(join(top, "split"), "val/bee/new.jpg", scene(77, 1));
  const { code, events, stderr } = await convoyantHere([
    "data",
    "check",
    join(top, "split"),
    "--json",
    "--strict",
  ]);
  assert.equal(code, 1, stderr);
  assert.deepEqual(
    events.map(({ event }) => event),
    ["start", "issue", "end"],
  );
  const [start, issue, end] = events;
  assert.equal(start.images, 10);
  assert.deepEqual(
    [issue.check, issue.images.map(({ name, split, label }: Record<string, string>) => [name, split, label])],
    [
      "leakage",
      [
        ["train/ant/1.jpg", "train", "ant"],
        ["val/ant/same.jpg", "val", "ant"],
      ],
    ],
  );
  assert.deepEqual([end.images, end.issues, end.counts.leakage, end.counts.blurry], [10, 1, 1, 0]);
  assert.deepEqual(end.splits, ["train", "val"]);
  const clean = await convoyantHere(["data", "check", photos("clean"), "--json", "--strict"]);
  assert.equal(clean.code, 0);
  assert.equal(clean.events.length, 2);
});

test("a folder that is not there is an error, an unknown check is wrong usage", async () => {
  const missing = await convoyantHere(["data", "check", join(top, "nowhere")]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^FileError: .*nowhere/);
  const usage = await convoyantHere(["data", "check", photos("other"), "--skip", "blury"]);
  assert.equal(usage.code, 2);
  assert.match(usage.stderr, /unknown check "blury"; did you mean `blurry`\?/);
});

test("Ctrl-C stops after the image under way, with what was found so far", async () => {
  const root = photos("many", 150);
  const result = await convoyant(["data", "check", root, "--json", "--strict"], {
    onLine: (line, child) => {
      if (line.includes('"start"')) child.kill("SIGINT");
    },
  });
  assert.equal(result.code, 130, result.stderr);
  assert.match(result.stderr, /^Stopping\./);
  const end = result.events.at(-1);
  assert.equal(end?.interrupted, true);
  assert.ok(end?.images < 300, String(end?.images));
});
