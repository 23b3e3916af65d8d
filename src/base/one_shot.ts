/** Whether a sequence can be walked a second time. */

/** True for generators, other iterators and streams: what a first loop uses up. */
export function isOneShot(source: unknown): boolean {
  if (typeof source !== "object" || source === null) return false;
  if ("getReader" in source || "pipe" in source) return true;
  if (typeof (source as { next?: unknown }).next !== "function") return false;
  const walked = source as { [Symbol.asyncIterator]?: () => unknown; [Symbol.iterator]?: () => unknown };
  // An iterator gives itself; an object that happens to have a `next` gives a new one.
  const again = walked[Symbol.asyncIterator]?.() ?? walked[Symbol.iterator]?.();
  return again === source;
}
