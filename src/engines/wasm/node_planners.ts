/** The planners of Node.js (`#kernel_planners`; a page has `page_planners.ts`), loaded while the workers start. */
import { loadedModule } from "../../base/open_files.ts";

export const loadPlanners = () => loadedModule(import("./kernels/registry.ts"));
