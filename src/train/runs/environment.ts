/** Where a run is computed, for its records. Node only. */
import { totalmem } from "node:os";
import { VERSION } from "../../base/version.ts";
import { processorName } from "../../engines/processor_name.ts";
import { engineInfo } from "../../runtime/runtime.ts";
import { processors } from "../../workers/processors.ts";

/** The machine under the program. */
export function machineNow(): Record<string, unknown> {
  return {
    platform: `${process.platform} ${process.arch}`,
    processor: processorName(),
    processors: processors(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
  };
}

/** Machine, versions and engine, by name. */
export function environmentNow(): Record<string, unknown> {
  return { convoyant: VERSION, node: process.version, ...machineNow(), engine: engineInfo() };
}
