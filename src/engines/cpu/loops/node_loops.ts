/** The generator of loops in Node.js (`#loops`; a page has `page_loops.ts`), loaded while the workers start. */
import { loadedModule } from "../../../base/open_files.ts";

export const loadLoops = () => loadedModule(import("./fused_module.ts"));
