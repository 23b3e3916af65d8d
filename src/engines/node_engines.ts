/**
 * The engines of Node.js (`#engines`; a page has `page_engines.ts`). What may become the default is loaded with the
 * package, because the first operation starts it without waiting, but what it needs only when it has started, its
 * planners and generated loops, is loaded while its workers start; the rest is loaded when it is asked for.
 */

import { loadedModule } from "../base/open_files.ts";
import type { EngineEntry } from "./engine_entry.ts";
import type { EngineName } from "./engine_names.ts";
import { dnnlFacts } from "./onednn/library/load_dnnl.ts";
import { OnednnEngine } from "./onednn/onednn_engine.ts";
import { wantsPortable } from "./portable.ts";
import { WasmEngine } from "./wasm/wasm_engine.ts";

const loaded = (create: NonNullable<EngineEntry["create"]>): EngineEntry => ({
  create,
  load: async () => create,
});

export const ENGINES: Readonly<Record<EngineName, EngineEntry>> = {
  wasm: loaded((options) => new WasmEngine(options)),
  onednn: loaded((options) => new OnednnEngine(options)),
  reference: {
    load: async () => {
      const { ReferenceEngine } = await loadedModule(import("./reference/reference_engine.ts"));
      return () => new ReferenceEngine();
    },
  },
};

/** The fastest engine that works here, found without starting any. */
export function fastestName(): EngineName {
  return !wantsPortable() && dnnlFacts() !== null ? "onednn" : "wasm";
}
