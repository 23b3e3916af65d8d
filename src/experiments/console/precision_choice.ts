/** `--precision`: what was asked for, and what this machine has. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { PRECISIONS, type Precision, usablePrecision } from "../../train/loop/precision.ts";
import type { Output } from "./output.ts";

/** @throws ArgumentError for a name that is no precision. */
export function precisionNamed(given: string): Precision {
  if ((PRECISIONS as readonly string[]).includes(given)) return given as Precision;
  throw new ArgumentError(
    `unknown precision \`${given}\`${didYouMean(given, PRECISIONS)} (there are: ${PRECISIONS.join(", ")})`,
  );
}

/** What is computed in on the engine in use; says so where it is not what was asked for. */
export async function precisionHere(wanted: Precision, output: Output): Promise<Precision> {
  const { precision, note } = await usablePrecision(wanted);
  if (note !== undefined) output.note(note);
  return precision;
}
