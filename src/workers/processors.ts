/** How many threads there can be. */

/** How many processors this machine has. */
export function processors(): number {
  return Math.max(1, globalThis.navigator?.hardwareConcurrency ?? nodeProcessors());
}

/** Node.js 20 has no `navigator`. */
function nodeProcessors(): number {
  const host = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const os = host.process?.getBuiltinModule?.("node:os") as { availableParallelism(): number } | undefined;
  return os?.availableParallelism() ?? 1;
}

/**
 * The most threads that an engine can be told to use. More than there are processors only help to find out how
 * threads go together; each takes some ten megabytes.
 */
export function mostThreads(): number {
  return Math.max(64, processors());
}
