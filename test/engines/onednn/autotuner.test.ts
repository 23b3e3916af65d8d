/** The autotuning cache, and what is chosen with it and without. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { candidates, loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { Autotuner, machineOf } from "../../../src/engines/onednn/tuning/autotuner.ts";
import {
  AutotuningCache,
  autotuningCachePath,
  measuredAlgorithms,
} from "../../../src/engines/onednn/tuning/autotuning_cache.ts";
import * as convoyant from "../../../src/index.ts";
import { missingLibrary } from "./library.ts";

const missing = missingLibrary();
const skip = missing || (loadDnnl().dnnl.fastBfloat16 ? false : "no fast bfloat16 here: nothing to choose");
const folder = mkdtempSync(join(tmpdir(), "autotuning-"));
const before = { ...process.env };

after(async () => {
  await convoyant.stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

/** The library stays where it is; only the cache moves. */
function useCache(cache: string): void {
  const { chosen, paths } = candidates(before);
  process.env.CONVOYANT_DNNL = chosen ? paths[0] : loadDnnl().path;
  process.env.XDG_CACHE_HOME = cache;
}

/** A new folder for the cache, with nothing in it. */
function freshCache(name: string): string {
  const cache = join(folder, name);
  useCache(cache);
  mkdirSync(dirname(autotuningCachePath()), { recursive: true });
  return cache;
}

const lines = () =>
  readFileSync(autotuningCachePath(), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map(
      (line) => JSON.parse(line) as { machine: string; work: string; chosen: string; milliseconds: object },
    );

/** A convolution in the precision that was chosen. */
async function convolve(options: { reproducible?: boolean } = {}): Promise<number[]> {
  await convoyant.useEngine("onednn", { threads: 2, ...options });
  convoyant.manualSeed(3);
  const [x, weight] = [convoyant.rand(16, 32, 12, 12), convoyant.rand(64, 32, 3, 3)];
  return Array.from(await convoyant.autocast(() => convoyant.nn.functional.conv2d(x, weight)).data());
}

const WAYS = ["bfloat16 direct", "bfloat16 blocked", "float32 direct"];

test("algorithms are measured once, kept, obeyed, and measured again if their lines cannot be read", {
  skip,
}, async () => {
  freshCache("kept");
  const first = await convolve();
  const record = lines().find(({ work }) => /^conv2d bfloat16 \d+x32x12x12 64 3 3 /.test(work));
  assert.ok(record !== undefined);
  const { machine, work, milliseconds } = record;
  assert.match(machine, /^oneDNN \d/);
  assert.deepEqual(Object.keys(milliseconds), WAYS);
  assert.ok(Object.values(milliseconds).every((time) => time > 0));
  const text = readFileSync(autotuningCachePath(), "utf8");
  assert.deepEqual(await convolve(), first);
  assert.equal(readFileSync(autotuningCachePath(), "utf8"), text, "the second run measures nothing");

  // The chosen algorithm decides, not the times next to it.
  const choose = async (chosen: string) => {
    writeFileSync(autotuningCachePath(), `${JSON.stringify({ machine, work, chosen, milliseconds })}\n`);
    return convolve();
  };
  const exact = await choose("float32 direct");
  const rounded = await choose("bfloat16 direct");
  assert.notDeepEqual(rounded, exact);
  assert.deepEqual(await choose("float32 direct"), exact);
  // Of two lines the first counts.
  appendFileSync(
    autotuningCachePath(),
    `${JSON.stringify({ machine, work, chosen: "bfloat16 direct", milliseconds })}\n`,
  );
  assert.deepEqual(await convolve(), exact);

  const own = { machine, work, chosen: "float32 direct", milliseconds };
  const broken = [
    "{ not JSON",
    "null",
    JSON.stringify({ ...own, chosen: 1 }),
    JSON.stringify({ ...own, chosen: "another" }),
    JSON.stringify({ ...own, milliseconds: null }),
    JSON.stringify({ ...own, milliseconds: { ...milliseconds, "float32 direct": "1" } }),
    "[".repeat(200_000),
    // Cut short by a full disk: the next line is whole.
    JSON.stringify(own).slice(0, 40),
  ];
  for (const line of broken) {
    writeFileSync(autotuningCachePath(), line);
    await convolve();
    const last = readFileSync(autotuningCachePath(), "utf8").trimEnd().split("\n").at(-1) as string;
    assert.deepEqual(Object.keys(JSON.parse(last).milliseconds), WAYS, line.slice(0, 80));
  }
});

test("by the fixed rule nothing is measured, and no cache decides", { skip }, async () => {
  freshCache("rule");
  const byRule = await convolve({ reproducible: true });
  assert.ok(!existsSync(autotuningCachePath()));
  const measured = await convolve();
  const own = lines();
  for (const chosen of WAYS) {
    writeFileSync(
      autotuningCachePath(),
      own.map((line) => `${JSON.stringify({ ...line, chosen })}\n`).join(""),
    );
    assert.deepEqual(await convolve({ reproducible: true }), byRule);
  }
  assert.equal(measured.length, byRule.length);
});

test("an algorithm that fails when it is tried is not taken, measured or not", { skip: missing }, () => {
  freshCache("failing");
  const algorithms: (() => void)[] = [
    () => {
      throw new Error("invalid arguments");
    },
    () => {},
  ];
  const kernel = (algorithm: number) => ({ bytes: [64], run: algorithms[algorithm] });
  const choosers = () =>
    [false, true].map((reproducible) => new Autotuner(undefined, true, loadDnnl().dnnl, { reproducible }));
  for (const chooser of choosers())
    assert.equal(chooser.choose("one of two fails", ["first", "second"], kernel), 1);
  algorithms[1] = algorithms[0];
  for (const chooser of choosers())
    assert.equal(chooser.choose("both fail", ["first", "second"], kernel), -1);
  // The cache says so, too.
  for (const chooser of choosers())
    assert.equal(chooser.choose("both fail", ["first", "second"], kernel), -1);
});

test("a process decides by the times as they are kept, and what is adopted comes first", {
  skip: missing,
}, () => {
  freshCache("rounded");
  const times = [0.951, 1.001];
  const { dnnl } = loadDnnl();
  let now = 0;
  let algorithm = 0;
  const clock = { threadTime: () => now, addressOf: dnnl.foreign.addressOf };
  const fake = { description: dnnl.description, foreign: clock } as unknown as typeof dnnl;
  const kernel = (i: number) => ({
    bytes: [64],
    run: () => {
      algorithm = i;
      now += times[algorithm];
    },
  });
  const names = ["first", "second"];
  // 0.9496 of the first is clearly less, but not when both have three digits: 0.950 against 1.00.
  times[0] = 1.0004;
  times[1] = 0.95;
  assert.equal(new Autotuner(undefined, true, fake).choose("near", names, kernel), 0);
  assert.equal(new Autotuner(undefined, true, fake).choose("near", names, kernel), 0);
  assert.deepEqual(
    lines().map(({ chosen }) => chosen),
    ["first"],
  );

  const told: [string, string | null][] = [];
  const chooser = new Autotuner(undefined, true, fake, { onChosen: (...chosen) => told.push(chosen) });
  chooser.adopt(
    new Map([
      ["near", "second"],
      ["none", null],
    ]),
  );
  assert.equal(chooser.choose("near", names, kernel), 1);
  assert.equal(chooser.choose("none", names, kernel), -1);
  chooser.adopt(new Map());
  assert.equal(chooser.choose("near", names, kernel), 0);
  assert.deepEqual(told, [
    ["near", "second"],
    ["none", null],
    ["near", "first"],
  ]);
});

test("of two processes that measure the same work at the same time the first decides for both", {
  skip: missing,
}, () => {
  freshCache("two");
  const fail = (problem: string) => assert.fail(problem);
  const [one, two] = [new AutotuningCache("a machine", fail), new AutotuningCache("a machine", fail)];
  const names = ["x", "y"];
  const choice = (chosen: string) => ({ chosen, milliseconds: { x: 1, y: 1 } });
  assert.equal(one.find("work", names), undefined);
  assert.equal(two.find("work", names), undefined);
  assert.equal(two.add("work", names, choice("y"))?.chosen, "y");
  assert.equal(one.add("work", names, choice("x"))?.chosen, "y");
  assert.equal(two.add("more", names, choice("x"))?.chosen, "x");
  assert.equal(one.find("more", names)?.chosen, "x");
  assert.equal(new AutotuningCache("a machine", fail).find("work", names)?.chosen, "y");
  assert.equal(new AutotuningCache("another", fail).find("work", names), undefined);
  // The file is lost meanwhile: what is chosen from here on is kept again.
  rmSync(autotuningCachePath());
  assert.equal(one.add("later", names, choice("y"))?.chosen, "y");
  assert.equal(two.find("later", names)?.chosen, "y");
});

test("if the cache cannot be read or written that is said once, and the fixed rule decides", {
  skip: missing || (process.platform === "linux" ? false : "needs pipes and /proc"),
}, () => {
  const { dnnl } = loadDnnl();
  let runs = 0;
  const kernel = () => ({ bytes: [64], run: () => void runs++ });
  const choose = () => {
    const problems: string[] = [];
    const chooser = new Autotuner(undefined, true, dnnl, { onProblem: (problem) => problems.push(problem) });
    runs = 0;
    assert.equal(chooser.choose("anything", ["first", "second"], kernel, 1), 1);
    assert.equal(chooser.choose("more", ["first", "second"], kernel, 1), 1);
    assert.equal(runs, 2, "nothing is measured that cannot be kept");
    assert.ok(
      problems.length > 0 && problems.every((problem) => problem.includes(autotuningCachePath())),
      problems[0],
    );
  };
  for (const cache of ["/proc/none", "/dev/null", "/dev/null/below"]) {
    useCache(cache);
    choose();
  }
  freshCache("odd");
  const odd = [
    () => mkdirSync(autotuningCachePath()),
    () => execFileSync("mkfifo", [autotuningCachePath()]),
    () => symlinkSync("/dev/zero", autotuningCachePath()),
    () => writeFileSync(autotuningCachePath(), Buffer.alloc(2 ** 24 + 1, 32)),
  ];
  for (const make of odd) {
    rmSync(autotuningCachePath(), { recursive: true, force: true });
    make();
    choose();
    assert.deepEqual(readdirSync(dirname(autotuningCachePath())), ["autotuning.jsonl"]);
    assert.deepEqual(measuredAlgorithms(), {});
  }
  rmSync(autotuningCachePath(), { recursive: true, force: true });
  writeFileSync(
    autotuningCachePath(),
    '{"machine":"__proto__","work":"a","chosen":null,"milliseconds":{"b":1}}\n' +
      '{"machine":"m","work":"w","chosen":"x","milliseconds":{"x":-1,"y":1e999,"z":2}}\n',
  );
  assert.deepEqual(measuredAlgorithms().m, { w: { chosen: "x", milliseconds: { z: 2 } } });
  assert.equal(({} as Record<string, unknown>).a, undefined);
});

test("files of the earlier format go, but no temporary file of a process that runs", {
  skip: missing,
}, () => {
  freshCache("former");
  const at = dirname(autotuningCachePath());
  const names = [
    "choices.json",
    `choices.json.${2 ** 30}.tmp`,
    `choices.json.${process.pid}.tmp`,
    "libdnnl.so.3.txt",
  ];
  for (const name of names) writeFileSync(join(at, name), "{}");
  new Autotuner(undefined, true, loadDnnl().dnnl).choose("work", ["only"], () => ({
    bytes: [64],
    run: () => {},
  }));
  assert.deepEqual(readdirSync(at).sort(), ["autotuning.jsonl", ...names.slice(2)].sort());
  assert.equal(Object.keys(measuredAlgorithms()).join(), machineOf(loadDnnl().dnnl));
});
