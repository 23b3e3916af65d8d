/**
 * Warnings: code that runs, but most likely not as its author means it to.
 *
 * There is one channel, `console.warn`, in Node.js and in pages alike; a program silences or redirects it there.
 */

/** What has been said; a program that makes up keys without end does not fill the memory. */
const said = new Set<string>();
const MOST_KEYS = 10_000;

/**
 * Writes a warning to `console.warn`, once for each key in the life of the process.
 *
 * @param key - identifies the warning: `"unregistered-module:Net.Linear"`.
 * @param message - what was seen, what it leads to, and the cure.
 */
export function warnOnce(key: string, message: string): void {
  if (said.has(key) || said.size >= MOST_KEYS) return;
  said.add(key);
  console.warn(`convoyant: warning: ${message}`);
}
