/** Files of a Python package index, by its "simple" interface (PEP 503 in HTML, PEP 691 in JSON). */
import { FileError } from "../../base/errors.ts";
import { reasonOf, SourceError, shownUrl, splitCredentials } from "./http_answer.ts";

/** The index that is asked unless pip is set up for another. */
export const PYPI = "https://pypi.org/simple";

/** A file of a project in the index. */
export interface IndexedFile {
  /** The project's normalised name. */
  readonly project: string;
  readonly file: string;
}

const ACCEPTED = "application/vnd.pypi.simple.v1+json, text/html;q=0.1";

/** The most bytes that a project's page may have. */
const MOST_BYTES = 8 * 2 ** 20;

/**
 * The address of a file in an index.
 *
 * @param milliseconds - in which the index must have answered.
 * @throws FileError that begins with the page's address and says why there is none.
 */
export async function addressInIndex(
  index: string,
  { project, file }: IndexedFile,
  milliseconds: number,
): Promise<string> {
  const page = `${index.replace(/\/+$/, "")}/${project}/`;
  if (!URL.canParse(page)) throw new FileError(`${page}: it is not an address`);
  try {
    const { address, authorization } = splitCredentials(page);
    const headers = { accept: ACCEPTED, ...authorization };
    const response = await fetch(address, { headers, signal: AbortSignal.timeout(milliseconds) });
    if (!response.ok) throw new SourceError(`it answered ${response.status}`, false);
    const text = await textOf(response);
    const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
    const href = (isJson ? addressesInJson(text) : addressesInHtml(text)).get(file);
    if (href === undefined) throw new SourceError(`it has no ${file}`, false);
    return withCredentialsOf(page, new URL(href, response.url || address));
  } catch (error) {
    throw new FileError(`${shownUrl(page)}: ${reasonOf(error)}`, { cause: error });
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_BYTES) throw new SourceError("its page is too long", false);
  }
  return text;
}

/** Addresses by the names of files. */
function addressesInJson(text: string): Map<string, string> {
  const { files } = JSON.parse(text) as { files?: unknown };
  if (!Array.isArray(files)) throw new SourceError("its page lists no files", false);
  return new Map(
    files
      .filter((one) => typeof one?.filename === "string" && typeof one.url === "string")
      .map((one) => [one.filename, one.url]),
  );
}

function addressesInHtml(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, double, single] of text.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)) {
    const href = (double ?? single).replaceAll("&amp;", "&").replace(/#.*$/, "");
    const name = href.replace(/\?.*$/, "").split("/").at(-1) as string;
    found.set(decoded(name), href);
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A file on the index's own server needs the name and password that the index needs. */
function withCredentialsOf(page: string, address: URL): string {
  const { username, password, host } = new URL(page);
  if (address.host === host) Object.assign(address, { username, password });
  address.hash = "";
  return address.href;
}
