/** What an address answers with. */
import { isError } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";

/** @throws FileError if the server cannot be reached or answers with an error. */
export async function fetchBytes(url: string | URL): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = isError(cause) ? cause.message : message;
    throw new FileError(`${String(url)} cannot be fetched: ${reason}`, { cause: error });
  }
  return bytesOfResponse(response, String(url));
}

/** @throws FileError for an answer that is an error, was read already, or breaks off. */
export async function bytesOfResponse(response: Response, name: string): Promise<Uint8Array> {
  if (!response.ok) throw new FileError(`${name} cannot be fetched: the server answered ${response.status}`);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new FileError(`${name} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
