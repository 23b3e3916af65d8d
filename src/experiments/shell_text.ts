/** Commands as text that a shell takes. */
import { printable } from "../report/terminal/printable.ts";

/** A word as a shell takes it; what must not reach a terminal as bash and zsh write it. */
export function shellWord(word: string): string {
  const shown = printable(word);
  if (shown !== word) return `$'${printable(word.replace(/[\\']/g, "\\$&"))}'`;
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
