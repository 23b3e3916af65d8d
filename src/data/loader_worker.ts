/** The worker of a data loader: builds batches from the description of a data set. */
import { listen } from "#workers";
import { recordError } from "../workers/errors_across.ts";
import type { WorkerPort } from "../workers/worker_port.ts";
import { buildBatch, type DatasetDescription } from "./batch_source.ts";
import type { LoaderReply, LoaderRequest } from "./loader_messages.ts";
import { mixBatch } from "./transforms/mix_batch.ts";

let description: DatasetDescription | undefined;
/** Ends when the batch that was asked for last is built: one at a time, the first to be needed first. */
let working: Promise<void> = Promise.resolve();

listen((message, port) => {
  const request = message as LoaderRequest;
  if (request.type === "dataset") description = request.description;
  else working = working.then(() => answer(request, port));
});

async function answer(message: Extract<LoaderRequest, { type: "batch" }>, port: WorkerPort): Promise<void> {
  const { request, indices, context, mixing } = message;
  let reply: LoaderReply;
  let transfer: ArrayBuffer[] = [];
  try {
    const parts = await buildBatch(description as DatasetDescription, indices, context);
    const batch = mixing === null ? parts : mixBatch(parts, mixing);
    reply = { request, batch };
    // Built here and used nowhere else: handed over, not copied.
    transfer = [...new Set(batch.map(({ data }) => data.buffer as ArrayBuffer))];
  } catch (error) {
    reply = { request, error: recordError(error) };
  }
  port.post(reply, transfer);
}
