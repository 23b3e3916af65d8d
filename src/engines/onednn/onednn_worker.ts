/** A worker of the onednn engine. */
import { serve } from "../cpu/worker_service.ts";
import { type OnednnSettings, OnednnWorkerKernels } from "./onednn_worker_kernels.ts";
import { ShutdownLock } from "./shutdown_lock.ts";

serve((opening) => {
  const settings = opening.settings as OnednnSettings;
  const lock = new ShutdownLock(settings.lock, opening.thread);
  return lock.inside(() => new OnednnWorkerKernels(opening, settings, lock));
});
