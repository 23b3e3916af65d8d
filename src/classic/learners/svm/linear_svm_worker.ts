/** The worker of a linear support vector machine: solves the problems of single classes. */
import { answerRequests } from "../../../workers/request_workers.ts";
import { type LinearSolution, solveLinear } from "./dual_coordinate_descent.ts";
import { LinearMemory } from "./linear_memory.ts";
import type { LinearQuestion, SentProblems } from "./linear_problems.ts";

answerRequests<SentProblems, LinearQuestion, LinearSolution>(
  async ({ sent, places, settings }, { positive, problem }) => {
    const examples = { rows: sent.rows, columns: sent.columns, places };
    const answer = solveLinear(examples, positive, new LinearMemory(sent, problem), settings);
    return { answer, transfer: [answer.weights.buffer as ArrayBuffer] };
  },
);
