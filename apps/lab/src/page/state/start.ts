/** What is shown is what is trained: before a training goes on, the trainer gets what it does not have yet. */
import { experiment, givenExperiment, isBeingPrepared, oneStep, play, prepare } from "./lab.ts";
import { mistake, sendNow } from "./networks.ts";
import { tellProblem } from "./notices.ts";

export async function start(): Promise<void> {
  if (await isReady()) await play();
}

export async function startOneStep(): Promise<void> {
  if (await isReady()) await oneStep();
}

async function isReady(): Promise<boolean> {
  const found = await mistake();
  if (found !== null) {
    tellProblem({ kind: "bad network", message: found, facts: {} });
    return false;
  }
  const has = givenExperiment();
  // A preparation under way is waited for.
  if (has === null) return isBeingPrepared() || sendNow();
  const { data } = experiment.peek();
  if (JSON.stringify(has.data) === JSON.stringify(data)) return sendNow();
  if (data.kind !== "images") return prepare();
  const { useOwnImages } = await import("./own_images.ts");
  return useOwnImages();
}
