/** Errors about what a file holds. */
import { FileError } from "../../base/errors.ts";

/** Makes an error of what is wrong and, if the file itself is sound, what to do. */
export type Failure = (message: string, advice?: string) => FileError;

/**
 * What makes the errors of a file.
 *
 * @param format - what the file is taken for, such as ".npy file".
 * @param name - what it is called; undefined for bytes.
 */
export function failureOf(format: string, name: string | undefined): Failure {
  const start = name === undefined ? format : `${format} ${name}`;
  return (message, advice = `the file is damaged or not a ${format}`) =>
    new FileError(`${start}: ${message}; ${advice}`);
}
