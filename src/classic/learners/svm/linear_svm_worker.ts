/** The worker of a linear support vector machine: solves the problems of single classes. */
import { answerRequests } from "../../../workers/request_workers.ts";
import { type LinearSolution, needsWide, solveLinear } from "./dual_coordinate_descent.ts";
import { LinearMemory } from "./linear_memory.ts";
import type { LinearQuestion, SentProblems } from "./linear_problems.ts";

answerRequests<SentProblems, LinearQuestion, LinearSolution>(
  async ({ sent, places, settings }, { positive, problem }) => {
    const memory = new LinearMemory(sent, problem, needsWide(settings));
    const answer = solveLinear(places, positive, memory, settings);
    return { answer, transfer: [answer.weights.buffer as ArrayBuffer] };
  },
);
