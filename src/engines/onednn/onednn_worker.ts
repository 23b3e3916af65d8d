/** A worker of the onednn engine. */
import { serve } from "../cpu/threads/worker_service.ts";
import { type OnednnSettings, OnednnWorker } from "./worker_extension.ts";

serve((memory, settings, thread, say) => new OnednnWorker(memory, settings as OnednnSettings, thread, say));
