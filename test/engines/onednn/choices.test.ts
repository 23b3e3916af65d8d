/** The file in which measured choices are kept. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { candidates, loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { Chooser, choicesPath, measuredChoices } from "../../../src/engines/onednn/tuning/choices.ts";
import * as convoyant from "../../../src/index.ts";
import { missingLibrary } from "./library.ts";

const skip =
  missingLibrary() || (loadDnnl().dnnl.fastBfloat16 ? false : "no fast bfloat16 here: nothing to choose");
const folder = mkdtempSync(join(tmpdir(), "choices-"));

after(async () => {
  await convoyant.stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

/** A convolution in the precision that was chosen. */
async function convolve(): Promise<number[]> {
  await convoyant.useEngine("onednn", { threads: 2 });
  convoyant.manualSeed(3);
  const [x, weight] = [convoyant.rand(4, 32, 12, 12), convoyant.rand(64, 32, 3, 3)];
  return Array.from(await convoyant.autocast(() => convoyant.nn.functional.conv2d(x, weight)).data());
}

type Choices = Record<string, Record<string, Record<string, number>>>;

test("choices are measured once, kept, obeyed, and measured again where the file is broken", {
  skip,
}, async () => {
  // The library stays where it is; only the choices move.
  const before = candidates();
  process.env.CONVOYANT_DNNL = before.chosen ? before.paths[0] : loadDnnl().path;
  process.env.XDG_CACHE_HOME = folder;
  await convolve();
  const read = () => JSON.parse(readFileSync(choicesPath(), "utf8")) as Choices;
  const measured = read();
  const [machine] = Object.keys(measured);
  assert.match(machine, /^oneDNN \d/);
  const key = Object.keys(measured[machine]).find((name) =>
    /^conv2d bfloat16 \d+x32x12x12 64 3 3 /.test(name),
  ) as string;
  const ways = ["bfloat16 direct", "bfloat16 blocked", "float32 direct"];
  assert.deepEqual(Object.keys(measured[machine][key]), ways);
  assert.ok(Object.values(measured[machine][key]).every((time) => time > 0));

  const choose = async (fastest: string) => {
    const times = Object.fromEntries(ways.map((way) => [way, way === fastest ? 1 : 2]));
    writeFileSync(choicesPath(), JSON.stringify({ [machine]: { [key]: times } }));
    return convolve();
  };
  const exact = await choose("float32 direct");
  const rounded = await choose("bfloat16 direct");
  assert.notDeepEqual(rounded, exact);
  assert.deepEqual(await choose("float32 direct"), exact);

  const broken = ["{ not JSON", "null", `{"${machine}":null}`, `{"${machine}":{"${key}":null}}`];
  const partly = JSON.stringify({
    [machine]: { [key]: { ...measured[machine][key], "float32 direct": "1" } },
  });
  for (const text of [...broken, partly]) {
    writeFileSync(choicesPath(), text);
    await convolve();
    assert.ok(read()[machine][key]["float32 direct"] > 0, text);
  }
});

test("a way that fails when it is tried is not taken", { skip: missingLibrary() }, () => {
  const chooser = new Chooser(undefined, true, loadDnnl().dnnl);
  const ways: (() => void)[] = [
    () => {
      throw new Error("invalid arguments");
    },
    () => {},
  ];
  const kernel = (way: number) => ({ bytes: [64], run: ways[way] });
  assert.equal(chooser.choose("one of two fails", ["first", "second"], kernel), 1);
  ways[1] = ways[0];
  assert.equal(chooser.choose("both fail", ["first", "second"], kernel), -1);
});

test("a file of choices that is none, or cannot be written, is done without", {
  skip: missingLibrary() || (process.platform === "linux" ? false : "needs pipes and /proc"),
}, () => {
  const before = process.env.XDG_CACHE_HOME;
  const { dnnl } = loadDnnl();
  const kernel = () => ({ bytes: [64], run: () => {} });
  const choose = () => {
    const chooser = new Chooser(undefined, true, dnnl);
    assert.equal(chooser.choose("anything", ["only"], kernel), 0);
    chooser.save();
  };
  try {
    for (const cache of ["/proc/none", "/dev/null", "/dev/null/below"]) {
      process.env.XDG_CACHE_HOME = cache;
      choose();
    }
    process.env.XDG_CACHE_HOME = join(folder, "odd");
    const odd = [
      () => mkdirSync(choicesPath()),
      () => execFileSync("mkfifo", [choicesPath()]),
      () => symlinkSync("/dev/zero", choicesPath()),
      () => writeFileSync(choicesPath(), `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`),
      () => writeFileSync(choicesPath(), '{"__proto__":{"a":{"b":1}},"m":{"w":{"x":-1,"y":1e999}}}'),
    ];
    mkdirSync(join(folder, "odd/convoyant/onednn"), { recursive: true });
    for (const make of odd) {
      rmSync(choicesPath(), { recursive: true, force: true });
      make();
      choose();
      assert.deepEqual(readdirSync(join(folder, "odd/convoyant/onednn")), ["choices.json"]);
    }
    assert.deepEqual(measuredChoices().m, { w: {} });
    assert.equal(({} as Record<string, unknown>).a, undefined);
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
});
