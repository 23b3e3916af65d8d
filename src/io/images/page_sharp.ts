/** sharp in a page (`#sharp_decoder`; Node.js has `sharp_decoder.ts`): there is none. */
import { ArgumentError } from "../../base/errors.ts";

/** @throws ArgumentError always. */
export async function decodeWithSharp(): Promise<never> {
  throw new ArgumentError('decoder "sharp" needs Node.js; a page decodes with "exact"');
}

/** @throws ArgumentError always. */
export function sharpVersion(): never {
  throw new ArgumentError('decoder "sharp" needs Node.js; a page decodes with "exact"');
}
