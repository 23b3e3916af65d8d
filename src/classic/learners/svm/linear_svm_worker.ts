/** The worker of a linear support vector machine: solves the problems of single classes. */
import { answerRequests } from "../../../workers/request_workers.ts";
import {
  type LinearExamples,
  type LinearProblemSettings,
  type LinearSolution,
  solveLinear,
} from "./dual_coordinate_descent.ts";

answerRequests<{ examples: LinearExamples; settings: LinearProblemSettings }, number, LinearSolution>(
  async ({ examples, settings }, positive) => {
    const answer = solveLinear(examples, positive, settings);
    return { answer, transfer: [answer.weights.buffer as ArrayBuffer] };
  },
);
