import { unknownName } from "../base/errors.ts";

/** @throws ArgumentError when `given` is not among the known values of `what`. */
export function oneOf<T extends string>(what: string, given: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(given)) return given as T;
  throw unknownName(`unknown ${what}`, given, known);
}
