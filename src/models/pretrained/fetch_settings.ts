/** What can be said about fetching published weights. */
import type { UrlLike } from "../../base/web_types.ts";
import type { Progress } from "../../io/fetch/progress.ts";
import type { WebLimits } from "../../io/fetch/web_limits.ts";

export interface FetchSettings {
  /** Folder on the web that holds the file, by default the publisher's (or `CONVOYANT_WEIGHTS_URL`). A page may name one of its own. */
  readonly url?: string | UrlLike | undefined;
  /**
   * Whether the progress of a download is shown on the terminal (stderr), if there is one; or a function that is called
   * with it. @default true
   */
  readonly progress?: boolean | ((text: string) => void) | undefined;
  /** Milliseconds that the web may take; by default 20,000 until it answers and 20,000 without data. */
  readonly limits?: WebLimits | undefined;
}

/**
 * One way to a file: puts it in place, verified.
 *
 * @throws FileError that names the source and says why it did not do.
 */
export type WeightsFetcher = (progress: Progress) => Promise<void>;
