/** A worker of the wasm engine. */
import { serve } from "../cpu/threads/worker_service.ts";

serve();
