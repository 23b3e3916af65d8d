import assert from "node:assert/strict";
import { FileError } from "../../../src/base/errors.ts";

/** The message of the FileError that a promise rejects with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail("expected an error"),
    (reason: Error) => reason,
  );
  assert.ok(error instanceof FileError, String(error));
  return error.message;
}
