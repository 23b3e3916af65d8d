/** The worker of a kernel machine: solves pairs of classes whose kernel values are in shared memory. */
import { answerRequests } from "../../../workers/request_workers.ts";
import { Turns } from "../turns.ts";
import { BlockLayout, type BlockQuestion, type SentBlocks, solveBlocks } from "./block_layout.ts";
import type { BinarySolution } from "./smo.ts";
import { SmoMemory } from "./smo_memory.ts";

answerRequests<SentBlocks, BlockQuestion, BinarySolution>(
  async ({ caller, module, memory, sizes, places }, question) => {
    const layout = new BlockLayout(sizes, places);
    const own = new SmoMemory(module, memory, layout.vectorsAt(question.place));
    const answer = await solveBlocks(layout, own, question, new Turns(caller));
    return { answer, transfer: [answer.coefficients.buffer as ArrayBuffer] };
  },
);
