import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fittedLink,
  GIGABIT,
  modelOf,
  secondsOfSum,
} from "../../../src/experiments/bench/distributed/cost_model.ts";
import {
  formatRanks,
  type RankLine,
  rankRatios,
} from "../../../src/experiments/bench/distributed/rank_lines.ts";

const line = (task: string, examplesPerSecond: number, more: Partial<RankLine> = {}): RankLine => ({
  event: "bench",
  library: task === "ddp" ? "pytorch" : "convoyant",
  engine: task === "ddp" ? "gloo" : "wasm",
  net: "nin",
  task,
  precision: "f32",
  batch: 128,
  threads: 1,
  ranks: task === "alone" ? 1 : 2,
  examplesPerSecond,
  firstStepSeconds: 1,
  rssMb: 1,
  ...more,
});
/** 1 ms for two messages, and 100 MB/s. */
const transfers = [1e5, 1e6, 1e7].map((bytes) => ({ bytes, seconds: 1e-3 + bytes / 1e8 }));
const lines = [
  line("alone", 128),
  line("tree", 64, { processorMs: 15.5, exposed: 0.25, bytes: 8e6, transfers }),
  line("fast", 80),
  line("ddp", 32),
];

test("speeds are compared with one process, with fast sums and with PyTorch", () => {
  assert.deepEqual(
    rankRatios(lines).map(({ what, against, ratio }) => [what, against, ratio]),
    [
      ["tree", "alone", 0.5],
      ["fast", "alone", 0.625],
      ["tree", "fast", 0.8],
      ["tree", "ddp", 2],
      ["fast", "ddp", 2.5],
    ],
  );
});

test("the model: computing divided by the ranks, and sums by halving and doubling", () => {
  const link = fittedLink(transfers);
  assert.ok(Math.abs(link.latency - 0.5e-3) < 1e-9);
  assert.ok(Math.abs(link.bandwidth - 1e8) < 1);
  // 2 log2(4) messages, and 2 (1 - 1/4) of the bytes.
  assert.equal(secondsOfSum(GIGABIT, 125e6, 4), 4 * 0.2e-3 + 1.5);
  assert.equal(secondsOfSum(GIGABIT, 125e6, 1), 0);
  const model = modelOf(lines[1]);
  assert.ok(model !== null);
  // A step takes 2 s, of which 1.5 s are the computing of four shards.
  assert.equal(model.shardSeconds, 0.375);
  const [here, gigabit] = model.links.map(({ steps }) => steps.map(({ seconds }) => seconds));
  const near = (actual: readonly number[], expected: readonly number[]) =>
    actual.forEach((value, i) =>
      assert.ok(Math.abs(value - expected[i]) < 1e-6, `${value}, not ${expected[i]}`),
    );
  near(here, [3, 1.5 + 1e-3 + 0.08, 0.75 + 2e-3 + 0.12, 0.375 + 3e-3 + 0.14]);
  near(gigabit, [3, 1.5 + 0.4e-3 + 0.064, 0.75 + 0.8e-3 + 0.096, 0.375 + 1.2e-3 + 0.112]);
  assert.equal(modelOf(lines[2]), null);
});

test("the table says what is a model", () => {
  const text = formatRanks(
    lines,
    [modelOf(lines[1])].filter((model) => model !== null),
    {
      colour: "none",
      unicode: false,
      width: 200,
    } as never,
  ).join("\n");
  assert.match(
    text,
    /nin +wasm +ranks, deterministic +2 x 1 +64\.00 +15\.5 +25\.0 % +8\.00 +0\.50x +0\.80x +2\.00x/,
  );
  assert.match(text, /nin, wasm: a MODEL, not measured: .* 8 \/ ranks x 0\.375 s/);
  assert.match(text, /1 Gbit\/s +0\.20 ms +125 MB\/s +3000 ms|1 Gbit\/s +0\.20 ms +125 MB\/s +3\.00e\+3 ms/);
});
