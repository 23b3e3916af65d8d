/** The precision of a training: what is asked for, what the engine has, and how a network runs in it. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { engineName, isBf16Supported } from "../../runtime/runtime.ts";
import { autocast } from "../../tensor/autocast.ts";

/** In what a network's products are computed; master weights, losses and statistics are 32-bit floats in both. */
export type Precision = "f32" | "bf16";

/** What there is to choose from. */
export const PRECISIONS = ["f32", "bf16"] as const satisfies readonly Precision[];

/** @throws ArgumentError if it is none, in the name of the function `of`. */
export function checkPrecision(of: string, given: unknown): asserts given is Precision | undefined {
  if (given === undefined || PRECISIONS.includes(given as Precision)) return;
  throw new ArgumentError(`${of}: expected \`precision\` to be "f32" or "bf16", got ${shownValue(given)}`);
}

/**
 * What is computed in when `wanted` is asked for: bf16 only if the engine multiplies it faster than f32.
 *
 * @returns the precision, and if it is not the one that was asked for, why.
 * @throws EngineError if the engine cannot start.
 */
export async function usablePrecision(wanted: Precision): Promise<{ precision: Precision; note?: string }> {
  if (wanted === "f32" || (await isBf16Supported())) return { precision: wanted };
  const note = `The engine ${engineName()} has no fast bf16 on this processor: computing in f32.`;
  return { precision: "f32", note };
}

/** Runs `body` (a forward pass and its loss) in a precision. */
export function inPrecision<T>(precision: Precision, body: () => T): T {
  return precision === "f32" ? body() : autocast({ dtype: "bfloat16" }, body);
}
