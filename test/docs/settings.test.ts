import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";
import { BENCH_SETTINGS } from "../../src/experiments/bench/bench_settings.ts";
import { CLASSIC_SETTINGS } from "../../src/experiments/classic/classic_settings.ts";
import { PHOTO_SETTINGS } from "../../src/experiments/photos/photo_settings.ts";
import { optionName, type SettingTable } from "../../src/experiments/settings/setting.ts";
import { TRAINING_SETTINGS } from "../../src/experiments/settings/training_settings.ts";
import { readSource } from "../architecture/sources.ts";
import { settingsPage } from "./settings_page.ts";

test("docs/settings.md says what the tables say", () => {
  assert.equal(
    readSource("docs/settings.md"),
    settingsPage(),
    "run `node build/test/docs/write_settings.js`",
  );
});

test("every setting is an option of its command", () => {
  const program = buildProgram({ finish() {}, names: null });
  const commands: readonly (readonly [name: string, table: SettingTable])[] = [
    ["train", TRAINING_SETTINGS],
    ["train", PHOTO_SETTINGS],
    ["classic", CLASSIC_SETTINGS],
    ["bench", BENCH_SETTINGS],
  ];
  for (const [name, table] of commands) {
    const command = program.commands.find((one) => one.name() === name) ?? new Command();
    const options = command.options.map(({ long }) => long);
    const missing = Object.entries(table)
      .map(([setting, one]) => `--${optionName(setting, one)}`)
      .filter((option) => !options.includes(option));
    assert.deepEqual(missing, [], name);
  }
});
