/** What became of the photographs since a run began. */
import { ArgumentError } from "../../base/errors.ts";
import type { PhotosRecord } from "./photo_config.ts";
import type { PhotoSource } from "./photo_source.ts";
import { counted, shortList } from "./photo_words.ts";

/** Names of images, by what happened to them. */
export interface PhotoChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Of another size as a file, or in another class. */
  readonly changed: readonly string[];
}

/**
 * Compares the images of a run with those of its folder now.
 *
 * @throws ArgumentError if the classes are others.
 */
export function photoChanges(
  folder: string,
  { classes, images }: PhotosRecord,
  now: PhotoSource,
): PhotoChanges {
  requireSameClasses(folder, classes, now);
  const before = new Map(images.map(([name, label, , bytes]) => [name, { label, bytes }]));
  const names = new Set(now.photos.map(({ name }) => name));
  return {
    added: now.photos.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    removed: images.filter(([name]) => !names.has(name)).map(([name]) => name),
    changed: now.photos
      .filter(({ name, bytes, label }) => {
        const known = before.get(name);
        return known !== undefined && (known.bytes !== bytes || known.label !== label);
      })
      .map(({ name }) => name),
  };
}

function requireSameClasses(folder: string, before: readonly string[], { root, classes }: PhotoSource): void {
  const more = classes.filter((name) => !before.includes(name));
  const fewer = before.filter((name) => !classes.includes(name));
  if (more.length + fewer.length === 0) return;
  const parts = [
    ...(more.length > 0 ? [`${root} has ${shortList(more)}, which the run has not`] : []),
    ...(fewer.length > 0 ? [`the run has ${shortList(fewer)}, which ${root} has not`] : []),
  ];
  throw new ArgumentError(
    `${folder} is for other classes: ${parts.join(", and ")}. Bring the folders back to the run's classes, or start a ` +
      `new run from its weights: npx convoyant train ${root} --from ${folder}`,
  );
}

/** Whether anything changed. */
export function isChanged({ added, removed, changed }: PhotoChanges): boolean {
  return added.length + removed.length + changed.length > 0;
}

/** What changed, which and how many, and what becomes of the split. */
export function changesInWords({ added, removed, changed }: PhotoChanges, stayed: number): string {
  const part = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${counted(names.length, "image")} ${what} (${shortList(names)})`];
  const parts = [...part("added", added), ...part("removed", removed), ...part("changed", changed)];
  return `since the run began: ${parts.join(", ")}; the split of the ${counted(stayed, "image")} that stayed is kept`;
}
