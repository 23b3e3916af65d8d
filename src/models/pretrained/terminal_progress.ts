/** The progress of a download on one line of the terminal. */
import type { Progress } from "../../io/fetch/progress.ts";
import type { FetchSettings } from "./fetch_settings.ts";

/** What is needed of `process.stderr`. */
export interface ProgressTerminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const START_OF_LINE = "\r";
const CLEAR_TO_END = "\x1b[K";

/** Where the progress goes; `end` takes the line away again. */
export function progressOnTerminal(
  { progress = true }: FetchSettings,
  terminal: ProgressTerminal = process.stderr,
): { readonly progress: Progress; end(): void } {
  if (typeof progress === "function") return { progress, end: () => {} };
  if (!progress || terminal.isTTY !== true) return { progress: () => {}, end: () => {} };
  let shown = false;
  return {
    progress(text) {
      shown = true;
      terminal.write(`${START_OF_LINE}${text}${CLEAR_TO_END}`);
    },
    end() {
      if (shown) terminal.write(START_OF_LINE + CLEAR_TO_END);
    },
  };
}
