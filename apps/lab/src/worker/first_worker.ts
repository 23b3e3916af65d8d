/**
 * The training worker that a script of its own, the first of the page (see vite.config.ts), has started while the page's
 * scripts were still loading.
 */

/** What that script leaves behind. */
interface EarlyStart {
  labWorker?: Worker & {
    /** Its script could not be loaded, which no one has heard. */
    hasFailed?: boolean;
  };
}

/** That worker, the first time; null if there is none. */
export function takeFirstWorker(): Worker | null {
  const page = globalThis as EarlyStart;
  const worker = page.labWorker;
  delete page.labWorker;
  return worker === undefined || worker.hasFailed ? null : worker;
}
