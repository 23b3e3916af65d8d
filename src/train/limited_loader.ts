/** The first batches of each epoch of a loader. */
import type { Tensor } from "../tensor/tensor.ts";
import type { Loader } from "./fit_options.ts";

/** At most `batches` batches an epoch: for trying things out. */
export function limitBatches(loader: Loader, batches: number): Loader {
  return {
    length: Math.min(loader.length, batches),
    iterate: (options) => firstOf(loader, options, batches),
  };
}

async function* firstOf(
  loader: Loader,
  options: { epoch: number; fromBatch?: number },
  batches: number,
): AsyncGenerator<readonly [Tensor, Tensor]> {
  let left = batches - (options.fromBatch ?? 0);
  if (left <= 0) return;
  for await (const batch of loader.iterate(options)) {
    yield batch;
    if (--left <= 0) return;
  }
}
