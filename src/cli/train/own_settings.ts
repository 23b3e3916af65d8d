/** Which settings are for photographs alone, and which for the networks of the chapter. */
import { ArgumentError } from "../../base/errors.ts";
import { PHOTO_SETTINGS } from "../../experiments/photos/photo_settings.ts";
import { optionName, type SettingTable } from "../../experiments/settings/setting.ts";
import { TRAINING_SETTINGS } from "../../experiments/settings/training_settings.ts";

/** Names of the settings of a table whose options the other does not have. */
function ownOf<S extends SettingTable>(table: S, other: SettingTable): (keyof S & string)[] {
  const others = new Set(Object.entries(other).map(([name, one]) => optionName(name, one)));
  return Object.keys(table).filter((name) => !others.has(optionName(name, table[name])));
}

export const namesOfPhotos = ownOf(PHOTO_SETTINGS, TRAINING_SETTINGS);
const namesOfChapter = ownOf(TRAINING_SETTINGS, PHOTO_SETTINGS);

/** @throws ArgumentError for an option that what is trained does not have. */
export function requireOptionsFor(
  what: "photographs" | "network",
  given: Readonly<Record<string, unknown>>,
): void {
  const [table, foreign]: [SettingTable, readonly string[]] =
    what === "photographs" ? [TRAINING_SETTINGS, namesOfChapter] : [PHOTO_SETTINGS, namesOfPhotos];
  const name = foreign.find((each) => given[each] !== undefined);
  if (name === undefined) return;
  const option = `--${optionName(name, table[name])}`;
  const instead = name === "weights" ? ": --from names weights to start with" : "";
  throw new ArgumentError(
    what === "photographs"
      ? `train: ${option} is for the networks and data sets of the chapter, not for a folder of photographs${instead}; omit it`
      : `train: ${option} is for photographs; name their folder in place of a model: npx convoyant train ./photos ${option} ...`,
  );
}
