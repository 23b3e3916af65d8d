/** Errors that cross from a worker to the thread that asked: class name and message survive. */
import * as errors from "../base/errors.ts";

export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
}

export function recordError(error: unknown): ErrorRecord {
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

type ErrorClass = new (message: string) => Error;

/** The error again, of the same class where it is one of Convoyant's. */
export function reviveError(record: ErrorRecord): Error {
  const known = (errors as Record<string, unknown>)[record.name];
  if (typeof known === "function" && known.prototype instanceof Error) {
    return new (known as ErrorClass)(record.message);
  }
  const error = new Error(record.message);
  error.name = record.name;
  return error;
}
