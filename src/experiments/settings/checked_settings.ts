/** Checks values of settings against their tables: what is read from a file, and what a program or a comparison gives. */
import { shownValue } from "../../base/shown_value.ts";
import { datasetNames } from "../../data/dataset_registry.ts";
import { EDITIONS } from "../../models/index.ts";
import { optimizerNames } from "../../optim/registry.ts";
import { schedulerNames } from "../../optim/schedulers/registry.ts";
import { PRECISIONS } from "../../train/loop/precision.ts";
import type { Setting, SettingTable, SettingValues } from "./setting.ts";
import type { RegisteredKind } from "./setting_kinds.ts";

/** Names that trainings know. */
export const REGISTERED = {
  datasets: datasetNames,
  optimizers: optimizerNames,
  schedulers: schedulerNames,
  precisions: () => PRECISIONS,
  editions: () => EDITIONS,
} as const satisfies Partial<Record<RegisteredKind, () => readonly string[]>>;

/** One of them, in an error's text. */
const SINGULAR = {
  datasets: "data set",
  optimizers: "optimizer",
  schedulers: "scheduler",
  precisions: "precision",
  editions: "edition",
} as const satisfies Record<keyof typeof REGISTERED, string>;

/**
 * All settings of a table; the usual values of those that files of old runs lack.
 *
 * @throws what `fail` makes of the first setting that is not as its table says.
 */
export function checkedSettings<S extends SettingTable>(
  table: S,
  values: Readonly<Record<string, unknown>>,
  fail: (problem: string) => Error,
): SettingValues<S> {
  const all = Object.entries(table).map(([name, one]) => {
    const value = values[name] === undefined && one.later ? one.usual : values[name];
    const problem = problemOf(one, value);
    if (problem !== null) throw fail(notAsExpected(name, problem));
    return [name, value];
  });
  return Object.fromEntries(all) as SettingValues<S>;
}

/** The problem with a field of a file or of settings. */
export const notAsExpected = (name: string, problem: string): string =>
  `${name} is not as expected: ${problem}`;

/** What is wrong with a setting's value; null for nothing. */
function problemOf({ kind, usual }: Setting<unknown>, value: unknown): string | null {
  if (value === null && usual === null) return null;
  if (!kind.holds(value)) return `expected ${kind.expected}, got ${shownValue(value)}`;
  const names = kind.names as keyof typeof REGISTERED | undefined;
  if (names === undefined || !(names in REGISTERED)) return null;
  const name = typeof value === "string" ? value : (value as { readonly name: string }).name;
  const known = REGISTERED[names]() as readonly string[];
  if (known.includes(name)) return null;
  return `there is no ${SINGULAR[names]} ${JSON.stringify(name)} (there are: ${known.join(", ")})`;
}
