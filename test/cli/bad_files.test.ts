import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { convoyantHere } from "./convoyant_here.ts";
import { folderWith, idxBytes, safetensorsBytes } from "./data_files.ts";
import { temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();

/** Fails with code 1 and this message, and leaves no run behind. */
async function refuses(
  args: readonly string[],
  expected: RegExp,
  env: Record<string, string> = {},
): Promise<void> {
  const { code, stderr } = await convoyantHere(args, { cwd: folder, env });
  assert.match(stderr, expected, args.join(" "));
  assert.ok(!stderr.includes("fault of Convoyant's own"), stderr);
  assert.equal(code, 1, stderr);
}

const IMAGES = "train-images-idx3-ubyte";
const LABELS = "train-labels-idx1-ubyte";

const EMPTY_LABELS = { [LABELS]: idxBytes([60000], 0) };

test("data files that are cut short or damaged are named, with what was expected", async () => {
  const cases: [string, Record<string, Uint8Array>, RegExp][] = [
    [
      "truncated",
      { ...EMPTY_LABELS, [IMAGES]: idxBytes([60000, 28, 28], 5000) },
      /truncated\/train-images-idx3-ubyte is cut short: expected 47040016 bytes unpacked, got 5016; remove or replace it/,
    ],
    [
      "empty",
      { ...EMPTY_LABELS, [IMAGES]: new Uint8Array(0) },
      /empty\/train-images-idx3-ubyte is cut short: expected 47040016/,
    ],
    [
      "packed",
      { ...EMPTY_LABELS, [`${IMAGES}.gz`]: gzipSync(idxBytes([60000, 28, 28], 1000)).subarray(0, 40) },
      /packed\/train-images-idx3-ubyte\.gz.*; remove or replace it/,
    ],
    [
      "corrupt",
      { ...EMPTY_LABELS, [IMAGES]: idxBytes([60000, 28, 28], 60000 * 784) },
      /corrupt\/train-images-idx3-ubyte is not the file it should be: its SHA-256 \(unpacked\) is [0-9a-f]{64}, expected c59f468a/,
    ],
  ];
  for (const [name, files, expected] of cases) {
    await refuses(["data", "fetch", "--data-dir", folderWith(join(folder, name), files)], expected);
  }
});

test("oversized data files are refused before they are unpacked", async () => {
  const oversized = folderWith(join(folder, "oversized"), {
    [IMAGES]: idxBytes([60001, 28, 28], 60001 * 784),
    [LABELS]: idxBytes([60001], 60001),
  });
  await refuses(["train", "lenet", "--data-dir", oversized], /oversized\/train-images-idx3-ubyte.*47040016/s);
  const bomb = folderWith(join(folder, "bomb"), {
    [`${IMAGES}.gz`]: gzipSync(new Uint8Array(200_000_000), { level: 1 }),
    [LABELS]: idxBytes([60000], 60000),
  });
  await refuses(["data", "show", "--data-dir", bomb], /bomb\/train-images-idx3-ubyte\.gz.*47040016/s);
});

test("a data folder that cannot be written is named before anything is fetched", async () => {
  writeFileSync(join(folder, "a-file"), "");
  const env = { XDG_CACHE_HOME: join(folder, "no-cache"), CONVOYANT_DATA: "" };
  await refuses(
    ["data", "fetch", "mnist", "--data-dir", "a-file/below"],
    /cannot write a-file\/below\/mnist: a part of the path is a file.*--data-dir, CONVOYANT_DATA or XDG_CACHE_HOME/,
    env,
  );
});

const F32 = { dtype: "F32", shape: [2, 2] };
const LIARS: [string, Uint8Array, RegExp][] = [
  ["short.safetensors", new Uint8Array(4), /short\.safetensors/],
  ["long-header.safetensors", safetensorsBytes({}, 0, 2 ** 40), /long-header\.safetensors.*header/s],
  ["not-json.safetensors", safetensorsBytes("{]", 0), /not-json\.safetensors.*JSON/s],
  [
    "beyond.safetensors",
    safetensorsBytes({ a: { ...F32, data_offsets: [0, 16] } }, 8),
    /beyond\.safetensors.*\ba\b/s,
  ],
  [
    "wrong-length.safetensors",
    safetensorsBytes({ a: { ...F32, data_offsets: [0, 12] } }, 12),
    /wrong-length\.safetensors.*\ba\b.*16/s,
  ],
  [
    "overlap.safetensors",
    safetensorsBytes({ a: { ...F32, data_offsets: [0, 16] }, b: { ...F32, data_offsets: [8, 24] } }, 24),
    /overlap\.safetensors.*overlap/s,
  ],
  [
    "trailing.safetensors",
    safetensorsBytes({ a: { ...F32, data_offsets: [0, 16] } }, 20),
    /trailing\.safetensors/,
  ],
];

test("what is not a regular file is refused at once, also by the commands", async () => {
  execFileSync("mkfifo", [join(folder, "pipe")]);
  const pipe = /cannot read .*pipe: it is a pipe, not a regular file/;
  await refuses(["eval", "pipe", "--model", "lenet"], pipe);
  folderWith(join(folder, "piped-run"), {});
  execFileSync("mkfifo", [join(folder, "piped-run/config.json")]);
  await refuses(["train", "--resume", "piped-run"], /piped-run\/config\.json: it is a pipe/);
  folderWith(join(folder, "piped-data"), EMPTY_LABELS);
  execFileSync("mkfifo", [join(folder, "piped-data", IMAGES)]);
  await refuses(
    ["data", "show", "--data-dir", "piped-data"],
    /idx3-ubyte: it is a pipe.*remove or replace it/,
  );
});

test("weights files that lie about their lengths, or overlap, are refused", async () => {
  folderWith(folder, Object.fromEntries(LIARS.map(([name, bytes]) => [name, bytes])));
  await Promise.all(LIARS.map(([name, , expected]) => refuses(["eval", name, "--model", "lenet"], expected)));
});

test("weights of another model name what is missing, unexpected and of another shape", async () => {
  writeFileSync(
    join(folder, "foreign.safetensors"),
    safetensorsBytes(
      {
        "9.weight": { ...F32, data_offsets: [0, 16] },
        "head.bias": { dtype: "F32", shape: [4], data_offsets: [16, 32] },
      },
      32,
    ),
  );
  for (const command of [["eval"], ["predict"]]) {
    const images = command[0] === "predict" ? ["test:0"] : [];
    await refuses(
      [...command, "foreign.safetensors", ...images, "--model", "lenet"],
      /StateDictError: foreign\.safetensors does not fit lenet.*missing keys: .*0\.weight.*unexpected keys: head\.bias.*9\.weight: expected shape \[84, 120\], got \[2, 2\]/s,
    );
  }
  const { code, stderr } = await convoyantHere(["eval", "foreign.safetensors"], { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /foreign\.safetensors does not say which model it belongs to: name it with --model/);
});

test("a run that does not exist, or is none, or is damaged, is named", async () => {
  await refuses(
    ["train", "--resume", "runs/nowhere"],
    /there is no run runs\/nowhere: name the folder of a run/,
  );
  await refuses(["eval", "runs/nowhere"], /cannot read runs\/nowhere: there is no such file/);
  mkdirSync(join(folder, "empty-run"));
  for (const args of [["train", "--resume"], ["eval"]]) {
    await refuses([...args, "empty-run"], /empty-run is not a run: it has no config\.json/);
  }
  folderWith(join(folder, "broken-run"), { "config.json": '{"config": {' });
  await refuses(
    ["train", "--resume", "broken-run"],
    /broken-run\/config\.json is damaged: expected a JSON object/,
  );
  folderWith(join(folder, "odd-run"), {
    "config.json":
      '{"config": {"format": "convoyant-run-1", "model": "lenet", "data": "fashion-mnist", "dataDir": null, "epochs": -3}}',
  });
  await refuses(
    ["train", "--resume", "odd-run"],
    /odd-run\/config\.json is damaged: epochs is not as expected/,
  );
  folderWith(join(folder, "own-run"), { "config.json": '{"config": {"epochs": 3}}' });
  await refuses(["train", "--resume", "own-run"], /a program made this run; go on with train\.fit/);
});

test("a run without weights says how to get some", async () => {
  folderWith(join(folder, "young-run"), { "config.json": '{"config": {"format": "convoyant-run-1"}}' });
  await refuses(["eval", "young-run"], /young-run holds no weights yet.*--resume young-run/);
});
