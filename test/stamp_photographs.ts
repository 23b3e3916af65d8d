/** The photographs of Debian's package tuxpaint-stamps-default in seven classes: cut-outs on a transparent ground. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const STAMPS = "/usr/share/tuxpaint/stamps";

/** Folders below that of the stamps, which are the classes. */
export const stampClasses = [
  "animals/mammals",
  "animals/birds",
  "animals/insects",
  "food/fruit",
  "food/vegetables",
  "plants/flowers",
  "town/roadsigns",
];

/** Why a test without them is skipped; false if they are there. */
export const stampsAreMissing: string | false = existsSync(STAMPS)
  ? false
  : "tuxpaint-stamps-default is not installed";

/** Paths of the photographs with their classes, without drawn and mirrored ones: 198. */
export function stampPhotographs(): { image: string; label: string }[] {
  return stampClasses.flatMap((label) =>
    photographsIn(join(STAMPS, label)).map((image) => ({ image, label })),
  );
}

function photographsIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "cartoon" ? [] : photographsIn(path);
    return entry.name.endsWith(".png") && !entry.name.endsWith("_mirror.png") ? [path] : [];
  });
}
