import type { ErrorRecord } from "../workers/errors_across.ts";
import type { ArrayBatch } from "./array_batch.ts";
import type { BatchContext, DatasetDescription } from "./batch_source.ts";
import type { BatchMixing } from "./transforms/mix_batch.ts";

/** What a loader sends its workers. */
export type LoaderRequest =
  | { type: "dataset"; description: DatasetDescription }
  | {
      type: "batch";
      request: number;
      indices: Uint32Array;
      context: BatchContext;
      mixing: BatchMixing | null;
    };

/** What a worker answers. */
export type LoaderReply = { request: number; batch: ArrayBatch[] } | { request: number; error: ErrorRecord };
