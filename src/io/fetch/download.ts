/** A file from an address, going on where a connection broke. */
import type { FileHandle } from "node:fs/promises";
import { FileError } from "../../base/errors.ts";
import { fileErrorOf } from "../file_errors.ts";
import { reasonOf, requestFile, SourceError, shownUrl } from "./http_answer.ts";
import { megabytes, type Progress, transferProgress } from "./progress.ts";
import { WEB_LIMITS, type WebLimits } from "./web_limits.ts";

/** A source that sends a byte now and then would keep us for years. */
const LEAST = 1 << 16;

/** Milliseconds before the next try after a connection that broke; doubled after each try in vain. */
const PAUSE = 500;

/** Tries in a row that bring nothing new, after which a source that has sent something before is given up. */
const MOST_VAIN_TRIES = 3;

/** What is to be downloaded. */
export interface Download {
  readonly url: string;
  /** What progress calls it. */
  readonly name: string;
  /** The most bytes that it can have. */
  readonly mostBytes: number;
  readonly progress: Progress;
  readonly limits?: WebLimits | undefined;
  /** Whether to go on where a broken connection stopped; else the first failure is the last. @default false */
  readonly resume?: boolean;
}

/** The file cannot be written; no other source would change that. */
export class DiskError extends FileError {}

/** A connection that broke after the source had begun to send. */
class BrokenConnectionError extends SourceError {}

/**
 * Downloads into the file at `path`. With `resume`, what the file holds already is taken for the beginning; else it is
 * replaced. What it contains is not checked here.
 *
 * @throws FileError that begins with the address and says why it did not come; DiskError if the file cannot be written.
 */
export async function downloadInto(path: string, download: Download): Promise<void> {
  const { resume = false } = download;
  const { open } = process.getBuiltinModule("node:fs").promises;
  const file = await onDisk(path, () => open(path, resume ? "a" : "w"));
  try {
    const before = (await file.stat()).size;
    let most = before;
    for (let vain = 0; ; ) {
      try {
        return await transfer(file, path, download);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        const { size } = await file.stat();
        vain = size > most ? 1 : vain + 1;
        most = Math.max(most, size);
        // A source that has not sent anything is given up at once: there may be another. What it sent before the connection
        // broke is lost if a busy machine had not read it by then.
        const sends = most > before || error instanceof BrokenConnectionError;
        if (!resume || !error.passes || !sends || vain > MOST_VAIN_TRIES) throw error;
        download.progress(`${download.name}: the connection broke at ${megabytes(size)}, going on`);
        await new Promise((done) => setTimeout(done, PAUSE * 2 ** (vain - 1)));
      }
    }
  } finally {
    await file.close();
  }
}

/** Appends what one answer of the source brings. */
async function transfer(file: FileHandle, path: string, download: Download): Promise<void> {
  const { url, name, mostBytes, progress, limits = WEB_LIMITS } = download;
  const control = new AbortController();
  const give = (why: string) => control.abort(new SourceError(why, true));
  let timer = setTimeout(give, limits.connect, "no answer");
  let begun = false;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(give, limits.stall, "it stopped sending, or sends too slowly");
  };
  try {
    const { size } = await file.stat();
    const { from, total, body } = await requestFile(url, size, control.signal);
    watch();
    begun = true;
    await onDisk(path, () => file.truncate(from));
    if (total > mostBytes) throw new SourceError(tooMuch(mostBytes), false);
    const tell = transferProgress(name, from, total, progress);
    let received = from;
    let watched = from;
    for await (const chunk of body) {
      received += chunk.length;
      if (received > mostBytes) throw new SourceError(tooMuch(mostBytes), false);
      if (received - watched >= LEAST) {
        watched = received;
        watch();
      }
      await onDisk(path, () => file.appendFile(chunk));
      tell(received);
    }
  } catch (error) {
    if (error instanceof DiskError) throw error;
    const cause = control.signal.aborted ? control.signal.reason : error;
    const message = `${shownUrl(url)}: ${reasonOf(cause)}`;
    if (!(cause instanceof SourceError) && begun)
      throw new BrokenConnectionError(message, true, { cause: error });
    throw new SourceError(message, cause instanceof SourceError ? cause.passes : true, { cause: error });
  } finally {
    clearTimeout(timer);
    control.abort();
  }
}

const tooMuch = (most: number) => `it sends more than the file can have (${megabytes(most)})`;

async function onDisk<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new DiskError(fileErrorOf(error, path, "write").message, { cause: error });
  }
}
