/** The training worker for networks that are known or made of blocks: it holds no more of the library than those take. */
import { LabError } from "../worker/problem.ts";
import { serveTraining } from "../worker/training_scope.ts";

serveTraining(() => {
  throw new LabError(
    "failed",
    "networks of code are trained by a worker of their own: prepare the experiment",
  );
});
