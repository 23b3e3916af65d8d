/**
 * Two copies of the package in one process or page: two versions installed, one bundled and one not. A tensor of one is
 * not a tensor to the other, and each has an engine of its own.
 */
import { VERSION } from "./version.ts";
import { warnOnce } from "./warnings.ts";

/** On the prototypes of what one copy makes, and on the global object for all copies. */
const COPY = Symbol.for("convoyant.copy");
const COPIES = Symbol.for("convoyant.copies");
const CURE = "see that one copy is installed and bundled (`npm ls convoyant`, `npm dedupe`)";

/** Marks what this copy's class makes. */
export function markCopy(prototype: object): void {
  Object.defineProperty(prototype, COPY, { value: VERSION });
}

/** Counts this copy, and warns once when it is not the first. */
export function countCopy(host: object = globalThis): void {
  const copies: string[] = ((host as Record<symbol, string[]>)[COPIES] ??= []);
  copies.push(VERSION);
  if (copies.length === 1) return;
  warnOnce(
    "package-copies",
    `${copies.length} copies of convoyant are loaded (${copies.join(", ")}). Tensors and modules of one cannot be used ` +
      `with another; ${CURE}`,
  );
}

/** What a tensor or module of another copy is, for messages; null for anything else. Of this copy's it is not asked. */
export function otherCopy(value: unknown): string | null {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject) return null;
  const version = (value as { [COPY]?: string })[COPY];
  if (version === undefined) return null;
  const { name } = (value as object).constructor;
  return `a ${name} of another copy of convoyant (${version}): ${CURE}`;
}
