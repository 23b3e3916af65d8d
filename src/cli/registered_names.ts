/** What help texts list. Loading the registries takes a while, so only a command's help does. */
import { OPTIONAL_PASSES } from "../compiler/compile.ts";
import { datasetNames } from "../data/dataset_registry.ts";
import { baselineNames, pytorchModes } from "../experiments/bench/baselines.ts";
import { BENCH_TASKS } from "../experiments/bench/bench.ts";
import { classicBaselines } from "../experiments/bench/bench_classic.ts";
import { classifierNames } from "../experiments/classic/classic_classifiers.ts";
import { featureNames } from "../experiments/classic/classic_features.ts";
import { REPRODUCTION_BASELINES } from "../experiments/reproduce/reproduce.ts";
import { EDITIONS, names } from "../models/index.ts";
import { optimizerNames } from "../optim/registry.ts";
import { schedulerNames } from "../optim/schedulers/registry.ts";
import { PRECISIONS } from "../train/loop/precision.ts";

export function registeredNames() {
  return {
    models: names(),
    features: featureNames(),
    classifiers: classifierNames(),
    datasets: datasetNames(),
    optimizers: optimizerNames(),
    schedulers: schedulerNames(),
    precisions: PRECISIONS as readonly string[],
    editions: EDITIONS as readonly string[],
    benchmarks: [...BENCH_TASKS, "classic", "data", "distributed"] as readonly string[],
    baselines: [...baselineNames, ...classicBaselines] as readonly string[],
    pytorchModes: pytorchModes as readonly string[],
    passes: OPTIONAL_PASSES as readonly string[],
    reproductionBaselines: REPRODUCTION_BASELINES as readonly string[],
  };
}

export type RegisteredNames = ReturnType<typeof registeredNames>;
