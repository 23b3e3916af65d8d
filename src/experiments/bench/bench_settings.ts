/** The settings of benchmarks. */
import { setting, usualSettings } from "../settings/setting.ts";
import { names, namesOf, real, whole, wholes } from "../settings/setting_kinds.ts";
import { TRAINING_SETTINGS } from "../settings/training_settings.ts";

/** The longest side of matrices that are multiplied to measure speed: three of them fill the memory of an engine. */
export const MOST_ROWS = 16384;

/** In the order of the help text; each benchmark takes some. */
export const BENCH_SETTINGS = {
  nets: setting(names, "networks to train or to run", { usual: ["lenet", "bn-lenet"] }),
  engines: setting(names, "our engines (the fastest that works here)"),
  precision: setting(namesOf("precisions"), "{names}: each network in each", { usual: ["f32"] }),
  batchSize: TRAINING_SETTINGS.batchSize,
  against: setting(namesOf("baselines"), "{names}", { usual: [] }),
  modes: setting(namesOf("pytorchModes"), "PyTorch's: {names}", {
    usual: ["eager", "channels-last", "compile"],
  }),
  passes: setting(namesOf("passes"), "each network without each of these passes, too: {names}", {
    usual: [],
  }),
  size: setting(whole(1, MOST_ROWS), "side of the matrices", { usual: 1024 }),
  rounds: setting(
    whole(1),
    "how often each is measured; distributed: by default as often as takes three minutes for a network",
    { usual: 3 },
  ),
  workers: setting(wholes(0), "data: how many workers the loader has (0, 1, 2, 4, ... processors)"),
  seconds: setting(real(0, { open: true }), "how long each measurement takes", {
    usual: 3,
    placeholder: "<s>",
  }),
};

/** What is measured unless it is said otherwise. */
export const BENCH_DEFAULTS = usualSettings(BENCH_SETTINGS);
