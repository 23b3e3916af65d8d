/** A worker of the wasm engine. */
import { specOf } from "../contract/run_program.ts";
import { serve } from "../cpu/threads/worker_service.ts";
import { planKernel } from "./kernels/registry.ts";

serve(() => ({
  description: null,
  prepare: ({ steps, values }) => ({
    steps: steps.map((step) => planKernel(specOf(values, step.op, step))),
  }),
}));
