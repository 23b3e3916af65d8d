/** A worker of the wasm engine. */
import { serve } from "./worker_service.ts";

serve();
