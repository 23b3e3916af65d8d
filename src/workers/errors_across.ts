/** Errors that cross from a worker to the thread that asked: class name and message survive. */

import { isError } from "../base/builtin_kinds.ts";
import * as errors from "../base/errors.ts";

export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
}

export function recordError(error: unknown): ErrorRecord {
  if (isError(error)) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

type ErrorClass = new (message: string) => Error;

/** The error again, of the same class if it is one of Convoyant's. */
export function reviveError(record: ErrorRecord): Error {
  const known = (errors as Record<string, unknown>)[record.name];
  if (
    typeof known === "function" &&
    (known === errors.ConvoyantError || known.prototype instanceof errors.ConvoyantError)
  ) {
    return new (known as ErrorClass)(record.message);
  }
  const error = new Error(record.message);
  error.name = record.name;
  return error;
}
