/** A worker of the wasm engine. */
import { serve } from "../cpu/worker_service.ts";
import { WORKER_KERNELS } from "./kernels/registry.ts";

serve(() => WORKER_KERNELS);
