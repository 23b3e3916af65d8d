/** Words that messages about photographs share. */

/** The first of some names, and how many more there are. */
export function shortList(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** "1 image", "3 images". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : what.endsWith("s") ? "es" : "s"}`;
}
