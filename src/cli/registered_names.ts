/** What help texts list. Loading the registries takes a while, so only a command's help does. */
import { OPTIONAL_PASSES } from "../compiler/compile.ts";
import { baselineNames, pytorchModes } from "../experiments/bench/baselines.ts";
import { BENCH_TASKS } from "../experiments/bench/bench.ts";
import { classicBaselines } from "../experiments/bench/bench_classic.ts";
import { classifierNames } from "../experiments/classic/classic_classifiers.ts";
import { featureNames } from "../experiments/classic/classic_features.ts";
import { REPRODUCTION_BASELINES } from "../experiments/reproduce/reproduce.ts";
import { REGISTERED } from "../experiments/settings/checked_settings.ts";
import type { RegisteredKind } from "../experiments/settings/setting_kinds.ts";
import { names } from "../models/index.ts";

/** What help texts list by name. */
export type RegisteredNames = Readonly<
  Record<RegisteredKind | "models" | "benchmarks" | "reproductionBaselines", readonly string[]>
>;

export function registeredNames(): RegisteredNames {
  return {
    models: names(),
    features: featureNames(),
    classifiers: classifierNames(),
    datasets: REGISTERED.datasets(),
    optimizers: REGISTERED.optimizers(),
    schedulers: REGISTERED.schedulers(),
    precisions: REGISTERED.precisions(),
    editions: REGISTERED.editions(),
    benchmarks: [...BENCH_TASKS, "classic", "data", "distributed"],
    baselines: [...baselineNames, ...classicBaselines],
    pytorchModes,
    passes: OPTIONAL_PASSES,
    reproductionBaselines: REPRODUCTION_BASELINES,
  };
}
