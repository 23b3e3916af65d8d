/** The precision that was asked for, and what this machine has. */
import { PRECISIONS, type Precision, usablePrecision } from "../train/loop/precision.ts";
import { oneOf } from "./one_of.ts";

/** @throws ArgumentError for a name that is not a precision. */
export function precisionNamed(given: string): Precision {
  return oneOf("precision", given, PRECISIONS);
}

/** What is computed in on the engine in use; `onNote` is called when that is not what was asked for. */
export async function precisionHere(wanted: Precision, onNote: (text: string) => void): Promise<Precision> {
  const { precision, note } = await usablePrecision(wanted);
  if (note !== undefined) onNote(note);
  return precision;
}
