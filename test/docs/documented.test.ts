/** What any entry exports is documented, and what users call has an example. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { examplesOf } from "./code_blocks.ts";
import { allPublicNames, entrySources, publicNames, undocumentedMembers } from "./public_names.ts";

const names = allPublicNames();

/** Constants and errors need words, not code. */
function needsExample({ path, file }: (typeof names)[number]): boolean {
  return !/^[A-Z_]+$/.test(path.split(".").at(-1) as string) && file !== "src/base/errors.ts";
}

test("the public API is found", () => {
  const paths = names.map(({ path }) => path);
  for (const path of [
    "relu",
    "nn.Conv2d",
    "nn.functional.linear",
    "optim.SGD",
    "data.transforms.Resize",
    "save",
  ]) {
    assert.ok(paths.includes(path) || paths.includes(path.split(".").at(-1) as string), path);
  }
});

test("every entry of package.json is read", () => {
  const files = [...entrySources().values()];
  assert.ok(files.length >= 10 && files.includes("src/index.ts") && files.includes("src/entries/report.ts"));
  for (const file of files) assert.ok(publicNames(file).length > 0, `${file} exports nothing`);
});

test("everything public has documentation", () => {
  const bare = names
    // A comment that begins with a tag has no summary.
    .filter(({ doc }) => doc === "" || doc.startsWith("@"))
    .map(({ path, file, line }) => `${path} (${file}:${line})`);
  assert.equal(bare.length, 0, bare.join("\n"));
});

test("everything that users call has an example", () => {
  const bare = names
    .filter((name) => needsExample(name) && examplesOf(name).length === 0)
    .map(({ path, file, line }) => `${path} (${file}:${line})`);
  assert.equal(bare.length, 0, bare.join("\n"));
});

test("members of what users hold have documentation", () => {
  const held = {
    "src/tensor/tensor.ts": ["Tensor"],
    "src/nn/module/module.ts": ["Module"],
    "src/optim/optimizer.ts": ["Optimizer"],
    "src/optim/schedulers/scheduler.ts": ["Scheduler"],
    "src/data/data_loader.ts": ["DataLoaderClass", "DataLoaderOptions"],
    "src/data/dataset.ts": ["Dataset", "TensorDatasetClass", "SubsetClass", "ConcatDatasetClass"],
    "src/data/mnist.ts": ["MnistOptions", "LoadersOptions", "MnistLoaders"],
    "src/train/loop/fit_options.ts": [
      "Loader",
      "StepEvent",
      "EpochEvent",
      "Callbacks",
      "FitOptions",
      "FitResult",
    ],
    "src/train/metrics/classification_metrics.ts": ["ClassificationMetrics", "Misclassified"],
    "src/engines/contract/engine.ts": ["Engine", "EngineInfo", "EngineCapabilities"],
    "src/models/registry.ts": ["ModelEntry", "TrainingPreset"],
  };
  const bare = Object.entries(held).flatMap(([file, types]) =>
    types.flatMap((type) => undocumentedMembers(file, type).map((member) => `${type}.${member} (${file})`)),
  );
  assert.equal(bare.length, 0, bare.join("\n"));
});
