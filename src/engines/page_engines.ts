/** The engines of a page (`#engines`; Node.js has `node_engines.ts`): oneDNN's code is never part of one. */
import { EngineError } from "../base/errors.ts";
import { loadedModule } from "../base/open_files.ts";
import type { EngineEntry } from "./engine_entry.ts";
import type { EngineName } from "./engine_names.ts";
import { WasmEngine } from "./wasm/wasm_engine.ts";

const createWasm = (options: object) => new WasmEngine(options);

export const ENGINES: Readonly<Record<EngineName, EngineEntry>> = {
  wasm: { create: createWasm, load: async () => createWasm },
  onednn: {
    load: async () => {
      throw new EngineError(
        "onednn: cannot start: native libraries need Node.js; use the wasm engine in a page",
      );
    },
  },
  reference: {
    load: async () => {
      const { ReferenceEngine } = await loadedModule(import("./reference/reference_engine.ts"));
      return () => new ReferenceEngine();
    },
  },
};

/** The fastest engine of a page; without workers (Cloudflare Workers and the like) there is one. */
export function fastestName(): EngineName {
  return typeof Worker === "undefined" ? "reference" : "wasm";
}
