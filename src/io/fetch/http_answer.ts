/** Requests for a file or for the rest of it, and what comes back. */
import { isError } from "../../base/builtin_kinds.ts";
import { FileError } from "../../base/errors.ts";

/** What is wrong with a source. */
export class SourceError extends FileError {
  /** Whether it may pass: asking again may help. */
  readonly passes: boolean;

  constructor(message: string, passes: boolean, options: ErrorOptions = {}) {
    super(message, options);
    this.passes = passes;
  }
}

/** Bytes of a file from one of them on. */
export interface FileAnswer {
  /** The byte that the answer begins with. */
  readonly from: number;
  /** How many bytes the whole file has; NaN if the source does not say. */
  readonly total: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Asks for a file, or, with its first bytes here already, for the rest.
 *
 * @throws SourceError for an answer that is an error.
 */
export async function requestFile(url: string, from: number, signal: AbortSignal): Promise<FileAnswer> {
  const response = await request(url, from, signal);
  const { status, headers } = response;
  if (url.startsWith("https:") && response.url.startsWith("http:"))
    throw new SourceError(`it leads to an address that is not protected (${shownUrl(response.url)})`, false);
  if (status === 416 && from > 0) {
    const total = Number(/\*\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1]);
    if (total === from) return { from, total, body: nothing() };
    // What is here is longer than the file: it is not its beginning.
    return requestFile(url, 0, signal);
  }
  if (!response.ok || response.body === null) {
    const passes = status >= 500 || status === 408 || status === 429;
    throw new SourceError(`it answered ${status}`, passes);
  }
  const body = response.body as unknown as AsyncIterable<Uint8Array>;
  if (status !== 206) return { from: 0, total: numberOf(headers.get("content-length")), body };
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
  if (range === null || Number(range[1]) !== from)
    throw new SourceError(`it was asked for the bytes from ${from} on, and sent others`, false);
  return { from, total: numberOf(range[2]), body };
}

function request(url: string, from: number, signal: AbortSignal): Promise<Response> {
  const { address, authorization } = splitCredentials(url);
  const headers = {
    // A packed answer could not be continued at a byte of the file.
    "accept-encoding": "identity",
    ...(from > 0 ? { range: `bytes=${from}-` } : {}),
    ...authorization,
  };
  return fetch(address, { headers, signal });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

const numberOf = (text: string | null) => (text === null ? Number.NaN : Number(text));

/** An address without the name and password in it, which fetch refuses, and these as a header. */
export function splitCredentials(url: string): {
  readonly address: string;
  readonly authorization: Readonly<Record<string, string>>;
} {
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (username === "" && password === "") return { address: url, authorization: {} };
  parsed.username = "";
  parsed.password = "";
  const pair = [username, password].map(decodeURIComponent).join(":");
  const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(pair)));
  return { address: parsed.href, authorization: { authorization: `Basic ${encoded}` } };
}

/** An address as messages show it: without a password. */
export function shownUrl(url: string): string {
  return URL.canParse(url) ? splitCredentials(url).address : url;
}

/** Why a request failed: fetch says only "fetch failed", the cause says why. */
export function reasonOf(error: unknown): string {
  if (!isError(error)) return String(error);
  const { name, message, cause } = error;
  if (name === "TimeoutError") return "no answer";
  if (error instanceof FileError || !isError(cause)) return message;
  return (cause as { code?: string }).code ?? cause.message;
}
