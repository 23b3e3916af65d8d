/** The progress of a fetch, told to people. */

/** Called with the progress of a fetch: a line for people. */
export type Progress = (text: string) => void;

/** Milliseconds between two lines of progress. */
const TELL_EVERY = 500;

/** No estimate before this many milliseconds. */
const NO_ESTIMATE = 1000;

/**
 * What is called with the bytes that a file has by now, and reports now and then: how many of how many, and how long
 * the rest will take at the pace so far.
 *
 * @param before - bytes that were there at the start.
 * @param total - all bytes; NaN if that is not known.
 */
export function transferProgress(
  name: string,
  before: number,
  total: number,
  progress: Progress,
): (received: number) => void {
  const started = Date.now();
  let told = 0;
  return (received) => {
    const now = Date.now();
    if (now - told < TELL_EVERY) return;
    told = now;
    if (Number.isNaN(total)) return progress(`${name}: ${megabytes(received)}`);
    const left = ((total - received) * (now - started)) / (received - before);
    const estimate = now - started < NO_ESTIMATE ? "" : `, ${shownTime(left)} left`;
    progress(`${name}: ${megabytes(received)} of ${megabytes(total)}${estimate}`);
  };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function shownTime(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
