/** Options that several commands share. */
import type { Option } from "commander";
import { type Setting, setting } from "../experiments/settings/setting.ts";
import { oneOf, real, text, whole } from "../experiments/settings/setting_kinds.ts";
import { TRAINING_SETTINGS } from "../experiments/settings/training_settings.ts";
import { mostThreads } from "../workers/processors.ts";
import { type Cli, option, settingOption } from "./options.ts";

export const json = (): Option => option("--json", "one JSON object a line").default(false, "off");

export const modelOption = (): Option =>
  option(
    "--model <name>",
    "the network, when the run or file does not say: a name, or a module that exports a function which makes it (./net.mjs)",
  );

/** Settings of commands; no more threads are typed than this machine can hold. */
const SETTINGS = {
  ...TRAINING_SETTINGS,
  threads: setting(whole(1, mostThreads()), TRAINING_SETTINGS.threads.about),
  checkpointSeconds: setting(real(0), "time between checkpoints within an epoch", { placeholder: "<s>" }),
};

type Settable = keyof typeof SETTINGS;

/** Options of settings, in the order of their names. */
export function settings(cli: Cli, ...names: readonly Settable[]): Option[] {
  return names.map((name) => {
    const made = settingOption(cli, name, SETTINGS[name]);
    return name === "checkpointSeconds" ? made.default(30) : made;
  });
}

/** An option of a setting with a meaning of its own. */
export const settingFor = (cli: Cli, name: Settable, about: string): Option =>
  settingOption(cli, name, { ...(SETTINGS[name] as Setting<unknown>), about });

/** What a trained network is run with: the images, their size, and the engine. */
export const networkOptions = (cli: Cli): Option[] =>
  settings(cli, "data", "dataDir", "resize", "engine", "threads", "precision");

/** Options of every training. */
export const trainingOptions = (cli: Cli): Option[] => [
  ...settings(cli, "batchSize", "lr", "optimizer", "momentum", "weightDecay", "scheduler", "labelSmoothing"),
  ...settings(cli, "resize", "engine", "threads", "reproducible", "exactConvolutions", "precision"),
  ...settings(cli, "limitBatches", "data", "edition", "dataDir", "checkpointSeconds"),
];

/** `--profile`. */
export const profileOption = (): Option =>
  option(
    "--profile <file>",
    "time each step of some runs: a table, and a trace (.json) for ui.perfetto.dev, chrome://tracing and profiler.firefox.com",
  );

/** `-o`, where a command writes. */
export const outputFile = (about: string): Option => option("-o, --output <file>", about, text("<file>"));

export const languageOption = (about: string): Option =>
  option("--lang <name>", about, oneOf(["en", "zh"]), "en");

export const themeOption = (about: string): Option =>
  option("--theme <name>", about, oneOf(["light", "dark"]));
