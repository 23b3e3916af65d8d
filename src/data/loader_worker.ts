/** The worker of a data loader: builds batches from the description of a data set. */
import { answerRequests } from "../workers/request_workers.ts";
import type { ArrayBatch } from "./array_batch.ts";
import { buildBatch, type DatasetDescription } from "./batch_source.ts";
import { mixBatch } from "./transforms/mix_batch.ts";
import type { BatchQuestion } from "./worker_pool.ts";

answerRequests<DatasetDescription, BatchQuestion, ArrayBatch[]>(
  async (description, { indices, context, mixing }) => {
    const parts = await buildBatch(description, indices, context);
    const answer = mixing === null ? parts : mixBatch(parts, mixing);
    // Built here and used nowhere else: handed over, not copied.
    const transfer = [...new Set(answer.map(({ data }) => data.buffer as ArrayBuffer))];
    return { answer, transfer };
  },
);
