/** docs/settings.md: what can be set of trainings and benchmarks, from the tables that checks and command line follow. */
import { registeredNames } from "../../src/cli/registered_names.ts";
import { BENCH_SETTINGS } from "../../src/experiments/bench/bench_settings.ts";
import { CLASSIC_SETTINGS } from "../../src/experiments/classic/classic_settings.ts";
import { PHOTO_SETTINGS } from "../../src/experiments/photos/photo_settings.ts";
import { optionName, type Setting, type SettingTable } from "../../src/experiments/settings/setting.ts";
import { TRAINING_SETTINGS } from "../../src/experiments/settings/training_settings.ts";

const HEAD = `# Settings

What trainings and benchmarks can be told, by a program and on the command line. Each stands once in a table of \`src/experiments\`, from which options, checks, error texts and this page follow. Run \`node build/test/docs/write_settings.js\` after changing one.
`;

const PARTS: readonly (readonly [title: string, about: string, table: SettingTable])[] = [
  [
    "A network of the chapter",
    '`experiments.configure("lenet", { ... })` and `convoyant train lenet`. `config.json` of a run holds them.',
    TRAINING_SETTINGS,
  ],
  [
    "A classifier on photographs",
    "`experiments.trainPhotos(folder, { settings: { ... } })` and `convoyant train ./photos`. What is not given is chosen by the images and the machine.",
    PHOTO_SETTINGS,
  ],
  [
    "Hand-made features and a classifier",
    "`experiments.trainClassic({ ... })` and `convoyant classic`.",
    CLASSIC_SETTINGS,
  ],
  ["Benchmarks", '`experiments.bench("train", { ... })` and `convoyant bench`.', BENCH_SETTINGS],
];

/** The whole page. */
export function settingsPage(): string {
  const parts = PARTS.map(([title, about, table]) =>
    [
      `## ${title}\n`,
      `${about}\n`,
      "| setting | option | must be | usual | meaning |",
      "|---|---|---|---|---|",
      ...Object.entries(table).map(([name, one]) => rowOf(name, one)),
    ].join("\n"),
  );
  return `${[HEAD, ...parts].join("\n").replaceAll("|\n##", "|\n\n##")}\n`;
}

function rowOf(name: string, one: Setting<unknown>): string {
  const { kind, usual, about } = one;
  const names = kind.names === undefined ? "" : registeredNames()[kind.names].join(", ");
  const value = usual === undefined || usual === null ? "" : `\`${JSON.stringify(usual)}\``;
  const cells = [
    `\`${name}\``,
    `\`--${optionName(name, one)}\``,
    kind.expected,
    value,
    about.replace("{names}", names),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
