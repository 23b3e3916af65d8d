/** How many threads there can be. */
import { processorQuota, processorsWithin } from "./processor_quota.ts";

/** Modules of Node.js, if there are any: a page has neither. */
type GetModule = (name: string) => unknown;

const host = globalThis as { process?: { platform?: string; getBuiltinModule?: GetModule } };

let quota: number | null = null;

/** How many processors this process may use: those of the machine, within its affinity and a container's quota. */
export function processors(): number {
  return processorsWithin(processorsOfMachine(), quotaOfContainer());
}

/** How many processors this process sees, whatever share of their time it may use. */
export function processorsOfMachine(): number {
  return Math.max(1, nodeProcessors() ?? globalThis.navigator?.hardwareConcurrency ?? 1);
}

/** Processors' worth of time that a container may use; infinite without a quota. */
export function quotaOfContainer(): number {
  quota ??= host.process?.platform === "linux" ? processorQuota(readText) : Number.POSITIVE_INFINITY;
  return quota;
}

/** Within the affinity of the process, which `navigator` of Node.js does not know. */
function nodeProcessors(): number | undefined {
  const os = host.process?.getBuiltinModule?.("node:os") as { availableParallelism?(): number } | undefined;
  return os?.availableParallelism?.();
}

function readText(path: string): string | null {
  const fs = host.process?.getBuiltinModule?.("node:fs") as
    | { readFileSync(path: string, encoding: "utf8"): string }
    | undefined;
  try {
    return fs?.readFileSync(path, "utf8") ?? null;
  } catch {
    return null;
  }
}

/**
 * The most threads that an engine can be set to use. More than there are processors only help to find out how
 * threads go together; each takes some ten megabytes.
 */
export function mostThreads(): number {
  return Math.max(64, processors());
}
