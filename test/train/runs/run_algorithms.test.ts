/** A run keeps the algorithms that the engine has chosen, and goes on with them whatever the machine remembers. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { candidates, loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { autotuningCachePath } from "../../../src/engines/onednn/tuning/autotuning_cache.ts";
import {
  data,
  type EngineOptions,
  manualSeed,
  nn,
  optim,
  rand,
  stopEngine,
  tensor,
  train,
  useEngine,
} from "../../../src/index.ts";
import { missingLibrary } from "../../engines/onednn/library.ts";

const skip = missingLibrary();
const folder = mkdtempSync(join(tmpdir(), "run-algorithms-"));

after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

interface Line {
  readonly machine: string;
  readonly work: string;
  readonly chosen: string | null;
  readonly milliseconds: Record<string, number | null>;
}

const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

/** An empty cache, or one that holds these lines; the library stays where it is. */
async function useCache(name: string, lines: readonly Line[] = []): Promise<void> {
  await stopEngine();
  const { chosen, paths } = candidates();
  process.env.CONVOYANT_DNNL = chosen ? paths[0] : loadDnnl().path;
  process.env.XDG_CACHE_HOME = join(folder, name);
  mkdirSync(dirname(autotuningCachePath()), { recursive: true });
  writeFileSync(autotuningCachePath(), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

interface Training {
  readonly out: string;
  readonly epochs?: number;
  readonly resume?: boolean;
  /** Ends after this step. */
  readonly steps?: number;
  readonly engine?: EngineOptions;
  /** After the third step; the first has been computed by then, since two are under way at most. */
  readonly onStep?: () => Promise<void>;
}

/** Convolutions for which there is more than one algorithm, trained for two steps an epoch. */
async function trainOn({ out, resume, steps, engine, onStep, epochs = 2 }: Training) {
  await useEngine("onednn", { threads: 2, ...engine });
  manualSeed(1);
  const net = new nn.Sequential(
    nn.Conv2d(16, 32, 3, { padding: 1 }),
    nn.ReLU(),
    nn.Conv2d(32, 32, 3, { padding: 1 }),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 3),
  );
  const labels = tensor([0, 1, 2, 0, 1, 2, 0, 1], { dtype: "int64" });
  const examples = new data.TensorDataset(rand(8, 16, 16, 16), labels);
  const trainLoader = new data.DataLoader(examples, { batchSize: 4 });
  const notes: string[] = [];
  const stop = new AbortController();
  let done = 0;
  const result = await train.fit(net, {
    trainLoader,
    testLoader: trainLoader,
    optimizer: optim.SGD(net.parameters(), { lr: 0.1 }),
    epochs,
    out: join(folder, out),
    resume,
    signal: stop.signal,
    callbacks: {
      onNote: (note) => {
        notes.push(note);
      },
      onStep: async () => {
        if (++done === steps) stop.abort();
        if (done === 3) await onStep?.();
      },
    },
  });
  const weights = readFileSync(
    join(folder, out, steps === undefined ? "last.safetensors" : "checkpoint.safetensors"),
  );
  return { weights: createHash("sha256").update(weights).digest("hex"), outcome: result.outcome, notes };
}

/** Each piece of work by another algorithm that there is. */
function otherwise(lines: readonly Line[]): Line[] {
  return lines.map((line) => {
    const others = Object.keys(line.milliseconds).filter(
      (name) => name !== line.chosen && line.milliseconds[name] !== null,
    );
    return { ...line, chosen: others.at(-1) ?? line.chosen };
  });
}

test("a resumed run ends in the bits of an uninterrupted one, though the cache says otherwise by then", {
  skip,
}, async () => {
  await useCache("a");
  const whole = await trainOn({ out: "whole" });
  const measured = linesOf(autotuningCachePath());
  assert.ok(measured.length > 0);
  const kept = linesOf(join(folder, "whole/algorithms.jsonl"));
  assert.deepEqual(
    new Map(kept.map(({ work, chosen }) => [work, chosen])),
    new Map(measured.map(({ work, chosen }) => [work, chosen])),
  );
  await useCache("b", otherwise(measured));
  assert.notEqual(
    (await trainOn({ out: "otherwise" })).weights,
    whole.weights,
    "the algorithms make a difference",
  );

  for (const lines of [[], otherwise(measured)]) {
    for (const steps of [1, 2, 3]) {
      const out = `part-${steps}-${lines.length}`;
      await useCache("c", measured);
      assert.equal((await trainOn({ out, steps })).outcome, "interrupted");
      await useCache("d", lines);
      const { weights, notes } = await trainOn({ out, resume: true });
      assert.deepEqual(notes, []);
      assert.equal(weights, whole.weights, out);
    }
  }
  // The run's algorithms were used by the run alone.
  await useCache("e", otherwise(measured));
  await trainOn({ out: "part-1-0", resume: true, epochs: 3 });
  assert.notEqual((await trainOn({ out: "after" })).weights, whole.weights);
});

test("an engine that is started again in the middle of a run chooses as before", { skip }, async () => {
  await useCache("f");
  const measured = linesOf(join(folder, "a/convoyant/onednn/autotuning.jsonl"));
  await useCache("f", measured);
  const whole = await trainOn({ out: "one-engine" });
  await useCache("f", measured);
  const onStep = async () => {
    writeFileSync(
      autotuningCachePath(),
      otherwise(measured)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(""),
    );
    await useEngine("onednn", { threads: 1 });
  };
  assert.equal((await trainOn({ out: "two-engines", onStep })).weights, whole.weights);
});

test("what was chosen elsewhere, or is lost, is said, and both machines' algorithms are kept", {
  skip,
}, async () => {
  await useCache("g");
  await trainOn({ out: "moved", steps: 1 });
  const path = join(folder, "moved/algorithms.jsonl");
  const own = readFileSync(path, "utf8");
  const elsewhere = own.replaceAll(/"machine":"[^"]*"/g, '"machine":"another"');
  writeFileSync(path, `${elsewhere}{"machine":"cut sho`);
  const moved = await trainOn({ out: "moved", resume: true, steps: 1 });
  assert.equal(moved.notes.length, 1);
  assert.match(moved.notes[0], /were chosen for another; this is oneDNN .*can differ in the last bits/);
  assert.ok(readFileSync(path, "utf8").startsWith(elsewhere));
  assert.deepEqual(linesOf(path).length, 2 * elsewhere.trimEnd().split("\n").length);
  assert.deepEqual((await trainOn({ out: "moved", resume: true, steps: 1 })).notes, []);
  rmSync(path);
  const lost = await trainOn({ out: "moved", resume: true });
  assert.match(lost.notes.join(), /no longer says which algorithms it was trained with/);
});

test("`reproducible` gives the same bits with any cache", { skip }, async () => {
  const measured = linesOf(join(folder, "a/convoyant/onednn/autotuning.jsonl"));
  const weights = new Set<string>();
  for (const [i, lines] of [[], measured, otherwise(measured)].entries()) {
    await useCache("h", lines);
    const run = await trainOn({ out: `rule-${i}`, engine: { reproducible: true } });
    weights.add(run.weights);
    assert.equal(linesOf(autotuningCachePath()).length, lines.length, "nothing is measured");
  }
  assert.equal(weights.size, 1);
});
