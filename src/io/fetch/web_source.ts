import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isError } from "../../base/builtin_kinds.ts";
import { FileError } from "../../base/errors.ts";
import type { DataFile } from "../../records/data_file.ts";

/** How long a web source may take, in milliseconds. */
export interface WebLimits {
  /** Until it has answered. */
  readonly connect: number;
  /** Without {@link LEAST} bytes. */
  readonly stall: number;
}

/** A source that sends a byte now and then would keep us for years. */
const LEAST = 1 << 16;

export const WEB_LIMITS: WebLimits = { connect: 5_000, stall: 15_000 };

/** gzip's header and trailer, and a little for data that does not pack. */
const PACKING_OVERHEAD = 1 << 16;

/** Milliseconds between two lines of progress. */
const TELL_EVERY = 500;

/** Called with the progress of a fetch: a line for people. */
export type Progress = (text: string) => void;

/**
 * Downloads a packed data file into a folder and returns its path. What it contains is not checked here.
 *
 * @throws FileError that says why it did not come.
 */
export async function downloadFile(
  base: string,
  file: DataFile,
  folder: string,
  progress: Progress,
  limits: WebLimits = WEB_LIMITS,
): Promise<string> {
  const url = `${base}${file.name}.gz`;
  const path = join(folder, `${file.name}.gz`);
  const control = new AbortController();
  let timer = setTimeout(() => control.abort(new FileError("no answer")), limits.connect);
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => control.abort(new FileError("it stopped sending, or sends too slowly")),
      limits.stall,
    );
  };
  try {
    const response = await fetch(url, { signal: control.signal });
    if (!response.ok || response.body === null) throw new FileError(`it answered ${response.status}`);
    watch();
    const size = Number(response.headers.get("content-length") ?? Number.NaN);
    let received = 0;
    let watched = 0;
    let told = 0;
    const count = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        received += chunk.length;
        if (received - watched >= LEAST) {
          watched = received;
          watch();
        }
        // Packed, it is not noticeably longer than what it unpacks to.
        if (received > file.bytes + PACKING_OVERHEAD)
          return done(new FileError("it sends more than the file can have"));
        if (Date.now() - told >= TELL_EVERY) {
          told = Date.now();
          progress(
            `${file.name}: ${megabytes(received)}${Number.isNaN(size) ? "" : ` of ${megabytes(size)}`}`,
          );
        }
        done(null, chunk);
      },
    });
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    await pipeline(body, count, createWriteStream(path), { signal: control.signal });
    return path;
  } catch (error) {
    throw new FileError(`${url}: ${reasonOf(control.signal.aborted ? control.signal.reason : error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** fetch says only "fetch failed"; the cause says why. */
function reasonOf(error: unknown): string {
  if (!isError(error)) return String(error);
  const { cause } = error;
  if (error instanceof FileError || !isError(cause)) return error.message;
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
