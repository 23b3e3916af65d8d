/** The worker of a kernel machine: solves pairs of classes whose examples are in shared memory. */
import { answerRequests } from "../../../workers/request_workers.ts";
import { Turns } from "../turns.ts";
import { type BlockQuestion, BlockSolver, type SentBlocks } from "./block_rows.ts";
import type { BinarySolution } from "./smo.ts";

let solver: BlockSolver | undefined;

answerRequests<SentBlocks & { readonly place: number }, BlockQuestion, BinarySolution>(
  async (given, question) => {
    solver ??= new BlockSolver(given, given.place);
    const answer = await solver.solve(question, new Turns(given.caller));
    return { answer, transfer: [answer.coefficients.buffer as ArrayBuffer] };
  },
);
