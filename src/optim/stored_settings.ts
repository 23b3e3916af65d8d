/** Settings as they stand in a state dict: PyTorch's names, and values that may come out of a file. */

/** "weightDecay" as "weight_decay". */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** "weight_decay" as "weightDecay". */
export const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Whether a property of this name hides nothing that every object has. */
export function isPlainName(name: string): boolean {
  return !(name in Object.prototype);
}

/**
 * Whether a value can take the place of one that is known: a number that of a number, a list of numbers that of a
 * list. What is not known can be anything; null stands for what JSON cannot hold.
 */
export function sameKind(known: unknown, given: unknown): boolean {
  if (known === undefined || known === null || given === null) return true;
  if (!Array.isArray(known)) return typeof given === typeof known && !Number.isNaN(given);
  return Array.isArray(given) && given.every((item, i) => sameKind(known[i] ?? known[0], item));
}
