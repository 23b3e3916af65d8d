/** What `reproduce` and `compare` plan, judge and write, without training. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  comparisonDocument,
  comparisonSvg,
  metricsOfVariant,
} from "../../src/experiments/compare/compare_report.ts";
import { configOfVariant, curveOver, variantsOf } from "../../src/experiments/compare/compare_variants.ts";
import {
  parseNetwork,
  planStarts,
  planTrainings,
} from "../../src/experiments/reproduce/reproduction_plan.ts";
import { onMachine } from "../../src/experiments/reproduce/reproduction_records.ts";
import { judge, reproductionDocument } from "../../src/experiments/reproduce/reproduction_report.ts";
import { isStuck, lastLoss } from "../../src/experiments/reproduce/reproduction_starts.ts";
import type { SeriesRun } from "../../src/experiments/series_run.ts";
import { configure } from "../../src/experiments/training_config.ts";
import { finalMetrics, type MetricsPoint } from "../../src/records/run_record.ts";

const environment = {
  processor: "Test 9000",
  processors: 2,
  memoryGib: 24,
  platform: "linux x64",
  node: "v20",
  convoyant: "0.1.0",
  engine: "wasm",
};

const now = new Date("2026-11-23T12:00:00Z");
const command = "npx convoyant reproduce";

function run(
  model: string,
  seed: number,
  last: Partial<MetricsPoint>,
  more: Partial<SeriesRun> = {},
): SeriesRun {
  const epoch = last.epoch ?? 10;
  const points = [
    {
      epoch: epoch - 1,
      trainLoss: 1,
      trainAccuracy: 0.5,
      testAccuracy: 0.5,
      seconds: 50,
      examplesPerSecond: 900,
    },
    {
      epoch,
      trainLoss: 0.47,
      trainAccuracy: 0.82,
      testAccuracy: 0.8,
      seconds: 60,
      examplesPerSecond: 1000,
      ...last,
    },
  ];
  const folder = `runs/x/${model}-seed${seed}`;
  const config = configure(model, { seed, engine: "wasm" });
  return {
    folder,
    config,
    points,
    metrics: finalMetrics(points),
    failure: null,
    startedAt: "2026-11-23T10:00:00Z",
    environment,
    ...more,
  };
}

test("a list of networks is read", () => {
  assert.deepEqual(parseNetwork("lenet:5"), { model: "lenet", seeds: 5, epochs: null });
  assert.deepEqual(parseNetwork("alexnet:1:2"), { model: "alexnet", seeds: 1, epochs: 2 });
  assert.deepEqual(parseNetwork("nin"), { model: "nin", seeds: 1, epochs: null });
  assert.throws(
    () => parseNetwork("lenet:0"),
    /expected <network>\[:<seeds>\[:<epochs>\[:<precision>\]\]\].*got "lenet:0"/,
  );
  assert.deepEqual(parseNetwork("nin:1:2:bf16"), { model: "nin", seeds: 1, epochs: 2, precision: "bf16" });
  assert.throws(() => parseNetwork("lenet:1:2:3"), /unknown precision `3` \(there are: f32, bf16\)/);
  assert.throws(() => parseNetwork("lenet:1:2:bf16:4"), /such as lenet:5/);
  assert.throws(() => parseNetwork("lanet:1"), /unknown model "lanet".*lenet/);
});

test("a plan has a folder for each seed, with the chapter's settings", () => {
  const planned = planTrainings(
    [parseNetwork("lenet:2"), parseNetwork("alexnet:1:3")],
    { engine: "reference" },
    "out",
  );
  assert.deepEqual(
    planned.map(({ folder, config }) => [
      folder,
      config.model,
      config.seed,
      config.epochs,
      config.lr,
      config.engine,
    ]),
    [
      ["out/lenet-seed0", "lenet", 0, 10, 0.9, "reference"],
      ["out/lenet-seed1", "lenet", 1, 10, 0.9, "reference"],
      ["out/alexnet-seed0", "alexnet", 0, 3, 0.01, "reference"],
    ],
  );
  const starts = planStarts("nin", 2, 200, {}, "out");
  assert.deepEqual(
    starts.map(({ folder, tests }) => [folder, tests]),
    [
      ["out/nin-start-seed0", false],
      ["out/nin-start-seed1", false],
    ],
  );
  assert.equal(starts[1].config.limitBatches, 200);
});

test("a network for colour images is not trained on grey ones", () => {
  assert.throws(
    () => configure("torchvision-vgg11", {}),
    /torchvision-vgg11 takes images of 3 channels, those of Fashion-MNIST have 1: take vgg11, or choose another data set/,
  );
});

test("runs are judged on training loss and training accuracy", () => {
  assert.equal(judge(run("lenet", 0, {})).verdict, "inside");
  assert.equal(judge(run("lenet", 0, { trainLoss: 0.4 })).verdict, "training loss below 0.457–0.481");
  assert.equal(judge(run("lenet", 0, { testAccuracy: 0.1 })).verdict, "inside");
  assert.equal(judge(run("lenet", 0, { epoch: 4 })).verdict, "not judged: 4 of 10 epochs");
  assert.equal(
    judge(run("nin", 0, { trainLoss: 2.303, trainAccuracy: 0.1 })).verdict,
    "failed: stuck at 2.30",
  );
  const failed = run(
    "nin",
    0,
    {},
    { failure: "the weights (0.weight) became NaN or infinite by step 7 (epoch 1)" },
  );
  assert.equal(
    judge(failed).verdict,
    "failed: the weights (0.weight) became NaN or infinite by step 7 (epoch 1)",
  );
});

test("the document holds every run, the bands, PyTorch's results and the starts", () => {
  const start = (seed: number, loss: number) => {
    const points = [
      { epoch: 0.8, trainLoss: 2.3, trainAccuracy: 0.1 },
      { epoch: 1, trainLoss: (2.3 * 0.8 + loss * 0.2) / 1, trainAccuracy: 0.2 },
    ];
    return run(
      "nin",
      seed,
      {},
      {
        points,
        metrics: finalMetrics(points),
        config: configure("nin", { seed, limitBatches: 200, epochs: 1, engine: "wasm" }),
      },
    );
  };
  const records = {
    runs: [
      run("lenet", 0, {}),
      run("lenet", 1, { trainLoss: 0.49 }),
      run("alexnet", 0, { epoch: 2, trainLoss: 0.6 }),
    ],
    starts: [start(0, 1.5), start(1, 2.303)],
    pytorch: [
      {
        net: "alexnet",
        seed: 0,
        epoch: 2,
        trainLoss: 0.61,
        trainAccuracy: 0.77,
        testAccuracy: 0.78,
        examplesPerSecond: 27,
        precision: "f32",
        torch: "2.15.0",
      },
      // Out of order, as starts side by side end.
      { net: "nin", seed: 1, steps: 200, lastLoss: 2, precision: "f32", torch: "2.15.0" },
      { net: "nin", seed: 0, steps: 200, lastLoss: null, precision: "f32", torch: "2.15.0" },
      { net: "nin", seed: 2, steps: 200, lastLoss: 2, precision: "f32", torch: "2.15.0", lr: 0.01 },
    ],
  };
  const text = reproductionDocument({
    records: { ...records, pytorch: onMachine(records.pytorch, environment) },
    now,
    command,
  });
  assert.match(
    text,
    /\| LeNet \| f32 \| 2 \| 10 \| 0\.480 \(0\.470–0\.490\) \| 0\.468 \(0\.457–0\.481\) \|.*\| 1 of 2 \|/,
  );
  assert.match(
    text,
    /\| lenet \| 1 \| 10 \| 0\.490 \| 0\.820 \| 0\.800 \| 1,000 \| 1:00 \| wasm \| f32 \| training loss above 0\.457–0\.481 \|/,
  );
  assert.match(text, /\| AlexNet \| f32 \| 1 \| 2 \|.*\| not judged \|/);
  assert.match(
    text,
    /## The same epochs in PyTorch.*\| alexnet \| f32 \| 2 \| 0\.600 \| 0\.610 \|.*2\.15\.0 \|/s,
  );
  assert.match(text, /Still at 2\.30, or NaN: 1 of 2 starts \(PyTorch's: 1 of 2\)/);
  assert.match(
    text,
    /\| Convoyant \| 1 \| 200 \| 2\.303 \| failed \|\n\| PyTorch \| 0 \| 200 \| NaN \| failed \|\n\| PyTorch \| 1 \| 200 \| 2\.000 \| learns \|\n\n/,
  );
  assert.match(text, /\| 2026-11-23 \| 2 x Test 9000, 24 GiB, linux x64 \| 0\.1\.0 \| v20 \| wasm \|/);
  assert.match(text, /Written on 2026-11-23 by `npx convoyant reproduce`/);
});

test("trainings in bf16 are kept apart from those in f32, and so are PyTorch's", () => {
  const planned = planTrainings(
    [parseNetwork("lenet:1"), parseNetwork("nin:1:2:f32")],
    { precision: "bf16" },
    "o",
  );
  assert.deepEqual(
    planned.map(({ folder, config }) => [folder, config.precision]),
    [
      ["o/lenet-bf16-seed0", "bf16"],
      ["o/nin-seed0", "f32"],
    ],
  );
  assert.equal(planStarts("nin", 1, 9, { precision: "bf16" }, "o")[0].folder, "o/nin-bf16-start-seed0");
  const inBf16 = (trainLoss: number, precision: string) =>
    run("lenet", 0, { trainLoss }, { environment: { ...environment, precision } });
  const record = { net: "lenet", seed: 0, epoch: 10, torch: "2.15.0" };
  const records = {
    runs: [run("lenet", 0, {}), inBf16(0.48, "bf16"), inBf16(0.471, "f32")],
    starts: [],
    pytorch: onMachine(
      [
        { ...record, precision: "f32", trainLoss: 0.461 },
        { ...record, precision: "bf16", trainLoss: 0.462 },
        { ...record, precision: "f32", trainLoss: 0.463, lr: 0.01 },
      ],
      environment,
    ),
  };
  const text = reproductionDocument({ records, now, command });
  assert.match(text, /\| LeNet \| f32 \| 2 \| 10 \| 0\.470 \(0\.470–0\.471\) \|/);
  assert.match(text, /\| LeNet \| bf16 \| 1 \| 10 \| 0\.480 \|.*\| 1 of 1 \|/);
  assert.match(text, /\| lenet \| 0 \| 10 \| 0\.480 \|.*\| wasm \| bf16 \| inside \|/);
  assert.match(text, /\| lenet \| f32 \| 10 \| 0\.470 \| 0\.461 \|/);
  assert.match(text, /\| lenet \| bf16 \| 10 \| 0\.480 \| 0\.462 \|/);
  assert.doesNotMatch(text, /0\.463/, "another learning rate than the chapter's is not compared");
});

test("a variant that was not computed as asked for says so", () => {
  const [variant] = variantsOf("lenet", ["precision=bf16"]);
  const config = configOfVariant("lenet", variant, {});
  assert.equal(config.precision, "bf16");
  const asked = run("lenet", 0, {}, { config, environment: { ...environment, precision: "bf16" } });
  assert.equal(metricsOfVariant({ variant, runs: [asked] }).name, "precision=bf16");
  const fallback = run(
    "lenet",
    0,
    {},
    { config, environment: { ...environment, precision: "f32", precisionNote: "bf16 was asked for." } },
  );
  assert.equal(metricsOfVariant({ variant, runs: [fallback] }).name, "precision=bf16 (computed in f32)");
  const [wrong] = variantsOf("lenet", ["precision=fp16"]);
  assert.throws(() => configOfVariant("lenet", wrong, {}), /unknown precision `fp16`; did you mean `bf16`\?/);
});

test("the last steps' mean comes out of the running means", () => {
  const points = [
    { epoch: 0.8, trainLoss: 2, trainAccuracy: 0 },
    { epoch: 1, trainLoss: 1.9, trainAccuracy: 0 },
  ];
  assert.ok(Math.abs(lastLoss(points) - 1.5) < 1e-12);
  assert.deepEqual([2.303, Number.NaN, null, 1].map(isStuck), [true, true, true, false]);
});

test("variants are all combinations, of the network's and the training's settings", () => {
  const variants = variantsOf("lenet", ["activation=sigmoid,relu", "dropout=0,0.5", "weightDecay=0,0.001"]);
  assert.equal(variants.length, 8);
  assert.equal(variants[7].name, "activation=relu dropout=0.5 weightDecay=0.001");
  const config = configOfVariant("lenet", variants[7], { seed: 4 });
  assert.deepEqual(config.network, { activation: "relu", dropout: 0.5 });
  assert.equal(config.weightDecay, 0.001);
  assert.equal(config.seed, 4);
  assert.deepEqual(
    variantsOf("alexnet", ["batchNorm=false,true"]).map(({ settings }) => settings.batchNorm),
    [false, true],
  );
  assert.deepEqual(
    variantsOf("nin", []).map(({ name }) => name),
    ["nin"],
  );
});

test("settings that do not exist are refused", () => {
  assert.throws(
    () => variantsOf("nin", ["activation=relu"]),
    /nin has no setting `activation`.*it has dropout, headChannels, batchSize, optimizer/,
  );
  assert.throws(() => variantsOf("lenet", ["dropout"]), /expected --set name=value,value, got "dropout"/);
  assert.throws(() => variantsOf("lenet", ["dropout=0", "dropout=1"]), /`dropout` is set twice/);
  assert.throws(() => variantsOf("lenet", ["dropout=0,0.5,0"]), /`dropout` has the value 0 twice/);
  const values = Array.from({ length: 65 }, (_, i) => i + 1).join(",");
  assert.throws(() => variantsOf("lenet", [`batchSize=${values}`]), /65 combinations are more than 64/);
  assert.throws(
    () => configOfVariant("lenet", variantsOf("lenet", ["lr=high"])[0], {}),
    /lr is not as expected: expected a number of at least 0, got "high"/,
  );
  assert.throws(
    () => configOfVariant("lenet", variantsOf("lenet", ["activation=rellu"])[0], {}),
    /unknown activation "rellu"/,
  );
});

test("curves and metrics over seeds: mean, least and largest", () => {
  const runs = [run("lenet", 0, { trainLoss: 0.4 }), run("lenet", 1, { trainLoss: 0.6 })];
  assert.deepEqual(curveOver(runs, "trainLoss")[1], { x: 10, y: 0.5, low: 0.4, high: 0.6 });
  const [variant] = variantsOf("lenet", ["dropout=0.5"]);
  const failed = run("lenet", 2, {}, { failure: "the loss became NaN" });
  const metrics = metricsOfVariant({ variant, runs: [...runs, failed] });
  assert.deepEqual(metrics.trainLoss, { mean: 0.5, low: 0.4, high: 0.6 });
  assert.deepEqual([metrics.seeds, metrics.failed], [3, 1]);
  const document = comparisonDocument("lenet compared", [{ variant, runs }]);
  assert.match(document, /\| dropout=0\.5 \| 2 \| 0\.500 \(0\.400–0\.600\) \|/);
  const svg = comparisonSvg("lenet compared", [{ variant, runs }], 10);
  assert.equal([...svg.matchAll(/cv-band cv-f-blue/g)].length, 3);
  assert.match(svg, /dropout=0\.5/);
});
