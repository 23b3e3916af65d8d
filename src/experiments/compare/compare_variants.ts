/** The variants of a comparison, and their metrics over the seeds. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { entry } from "../../models/index.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import type { SeriesRun } from "../series_run.ts";
import { settingsThat } from "../settings/setting.ts";
import { list, settingValue } from "../settings/setting_text.ts";
import { TRAINING_SETTINGS } from "../settings/training_settings.ts";
import { configure, type GivenSettings, type TrainingConfig } from "../training_config.ts";

type Value = string | number | boolean;

/** Settings of a training that can be compared, besides the network's own settings. */
const COMPARABLE: readonly string[] = settingsThat(TRAINING_SETTINGS, ({ comparable }) => comparable);

/** More trainings than a person waits for. */
const MOST_VARIANTS = 64;

/** One combination of settings. */
export interface SettingsVariant {
  /** "activation=relu dropout=0.5". */
  readonly name: string;
  readonly settings: Readonly<Record<string, Value>>;
}

/**
 * Every combination of the given values.
 *
 * @param sets - each `name=value,value,...`.
 * @throws ArgumentError for a setting that neither the network nor its training has.
 */
export function variantsOf(model: string, sets: readonly string[]): SettingsVariant[] {
  const { options } = entry(model);
  const known: readonly string[] = [...options.filter((name) => name !== "numClasses"), ...COMPARABLE];
  let variants: Record<string, Value>[] = [{}];
  for (const text of sets) {
    const at = text.indexOf("=");
    const name = text.slice(0, Math.max(0, at));
    const values = list(text.slice(at + 1));
    if (at < 1 || values.length === 0)
      throw new ArgumentError(`compare: expected --set name=value,value, got "${text}"`);
    if (!known.includes(name)) {
      throw new ArgumentError(
        `compare: ${model} has no setting \`${name}\`${didYouMean(name, known)} (it has ${known.join(", ")})`,
      );
    }
    if (variants.some((variant) => name in variant))
      throw new ArgumentError(`compare: \`${name}\` is set twice`);
    const again = values.find((value, i) => values.indexOf(value) < i);
    if (again !== undefined) throw new ArgumentError(`compare: \`${name}\` has the value ${again} twice`);
    variants = variants.flatMap((variant) =>
      values.map((value) => ({ ...variant, [name]: settingValue(value) })),
    );
  }
  if (variants.length > MOST_VARIANTS) {
    throw new ArgumentError(
      `compare: ${variants.length} combinations are more than ${MOST_VARIANTS}; leave out some values`,
    );
  }
  return variants.map((settings) => ({ name: nameOf(settings, model), settings }));
}

function nameOf(settings: Readonly<Record<string, Value>>, model: string): string {
  const parts = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? model : parts.join(" ");
}

/** The training of a variant. */
export function configOfVariant(
  model: string,
  variant: SettingsVariant,
  given: GivenSettings,
): TrainingConfig {
  const training: Record<string, Value> = {};
  const network: Record<string, Value> = { ...given.network };
  for (const [name, value] of Object.entries(variant.settings)) {
    if (COMPARABLE.includes(name)) training[name] = value;
    else network[name] = value;
  }
  return configure(model, {
    ...given,
    ...(training as GivenSettings),
    network: network as TrainingConfig["network"],
  });
}

/** A metric over the seeds. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean, least and largest; undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
  return { mean, low: Math.min(...finite), high: Math.max(...finite) };
}

/** A quantity of the curves of several runs at the places that all of them have. */
export function curveOver(
  runs: readonly SeriesRun[],
  key: "trainLoss" | "trainAccuracy" | "testAccuracy",
): { x: number; y: number; low: number; high: number }[] {
  const places = new Map<number, number[]>();
  for (const { points } of runs) {
    for (const point of points as readonly MetricsPoint[]) {
      const value = point[key];
      if (value !== undefined) places.set(point.epoch, [...(places.get(point.epoch) ?? []), value]);
    }
  }
  return [...places]
    .sort(([a], [b]) => a - b)
    .flatMap(([x, values]) => {
      const spread = spreadOf(values);
      return spread === undefined ? [] : [{ x, y: spread.mean, low: spread.low, high: spread.high }];
    });
}
