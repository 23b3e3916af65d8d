import type { ByteSource } from "../../io/formats/byte_source.ts";
import { failureOf } from "../../io/formats/format_failure.ts";
import { ZipArchive } from "../../io/formats/zip/zip_archive.ts";

/**
 * A file in a wheel, unpacked.
 *
 * @throws FileError if the wheel is damaged or does not hold it.
 */
export async function memberOfWheel(
  source: ByteSource,
  name: string,
  member: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const fail = failureOf("wheel", name);
  const archive = await ZipArchive.open(source, fail);
  const entry = archive.entries.get(member);
  if (entry === undefined) throw fail(`it holds no ${member}`);
  return archive.read(entry);
}
