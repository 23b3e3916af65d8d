/** Settings of a pipeline that would have no effect: refused, since what was meant is another thing. Node only. */
import { ArgumentError } from "../../base/errors.ts";
import type { SettingValues } from "../settings/setting.ts";
import { classifierEntry, classifierNames } from "./classic_classifiers.ts";
import { isFolder } from "./classic_data.ts";
import { type FeatureEntry, featureEntries, featureNames } from "./classic_features.ts";
import type { CLASSIC_SETTINGS, GivenClassicSettings } from "./classic_settings.ts";

/** What was given; undefined for what was not. */
export type ClassicSettingsGiven = GivenClassicSettings &
  Pick<SettingValues<typeof CLASSIC_SETTINGS>, "features" | "classifier" | "data">;

/**
 * Looks for settings that neither the features, nor the classifier, nor the data have.
 *
 * @throws ArgumentError for the first one that would have no effect, or an unknown name.
 */
export async function refuseUnused(given: ClassicSettingsGiven): Promise<void> {
  refuseUnusedOfData(given);
  for (const name of ["C", "gamma"] as const) {
    if (given[name] === undefined || classifierEntry(given.classifier).takes.includes(name)) continue;
    const taking = classifierNames().filter((one) => classifierEntry(one).takes.includes(name));
    throw new ArgumentError(
      `--${name} has no effect on --classifier ${given.classifier}: leave it out, or choose ${taking.join(", ")}`,
    );
  }
  await refuseUnusedWords(given);
}

/** What belongs to folders of photographs, and what to data sets. @throws ArgumentError for what has no effect. */
export function refuseUnusedOfData({
  data,
  dataDir,
  side,
}: Pick<ClassicSettingsGiven, "data" | "dataDir" | "side">): void {
  if (isFolder(data)) {
    if (dataDir !== undefined)
      throw new ArgumentError(
        `--data-dir has no effect on the folder ${data}: it says where the files of a named data set are; leave it out`,
      );
  } else if (side !== undefined) {
    throw new ArgumentError(
      `--side has no effect on ${data}, whose images have one size: it is for the photographs of a folder; leave it out`,
    );
  }
}

async function refuseUnusedWords({ features, words, ...given }: ClassicSettingsGiven): Promise<void> {
  const name = words !== undefined ? "words" : (["encoding", "pyramid"] as const).find((one) => given[one]);
  if (name === undefined) return;
  const uses = await Promise.all(featureEntries(features).map(useOfWords));
  if (uses.includes("always") || (words !== undefined && uses.includes("asked"))) return;
  if (uses.includes("asked"))
    throw new ArgumentError(
      `--${name} has no effect without --words: descriptors of ${features} stand beside each other in each row; ` +
        `add --words 256, or leave out --${name}`,
    );
  const all = await Promise.all(
    featureNames().map(async (one) => [one, await useOfWords(featureEntries(one)[0])]),
  );
  const having = all.flatMap(([one, use]) => (use === "never" ? [] : [one]));
  throw new ArgumentError(
    `--${name} has no effect on --features ${features}, which have no visual words: leave it out, or choose ${having.join(", ")}`,
  );
}

/** Key points always need words, descriptors of a grid only if they are asked for, rows of features never. */
async function useOfWords(entry: FeatureEntry): Promise<"never" | "asked" | "always"> {
  const extractor = await entry.extractor(ANY_SIDE);
  if (!("detectAll" in extractor)) return "never";
  return "extract" in extractor ? "asked" : "always";
}

/** What extractors can do does not depend on it. */
const ANY_SIDE = 64;
