/** Asks the worker about code a moment after it was typed. */

import { classCountOf, inputShapeOf } from "../../experiment/experiment.ts";
import { LabError } from "../../worker/problem.ts";
import { experiment, trainer } from "./lab.ts";
import { type CodeCheck, codeChecks, sendSoon } from "./networks.ts";

const MILLISECONDS = 500;
const waiting = new Map<number, ReturnType<typeof setTimeout>>();

export function checkCodeSoon(at: number): void {
  clearTimeout(waiting.get(at));
  waiting.set(
    at,
    setTimeout(() => void checkCode(at), MILLISECONDS),
  );
}

export async function checkCode(at: number): Promise<void> {
  const network = experiment.peek().networks[at];
  if (network?.kind !== "code") return;
  const shape = inputShapeOf(experiment.peek(), network);
  const { code } = network;
  const found = await trainer()
    .call("check", { network, shape, classes: classCountOf(experiment.peek()) })
    .then(
      (facts): CodeCheck => ({ code, facts, problem: null }),
      (error: unknown): CodeCheck => ({ code, facts: null, problem: problemOf(error) }),
    );
  const now = experiment.peek().networks[at];
  if (now?.kind !== "code" || now.code !== code) return;
  codeChecks.value = codeChecks.peek().map((one, i) => (i === at ? found : one));
  if (found.problem === null) sendSoon();
}

function problemOf(error: unknown): NonNullable<CodeCheck["problem"]> {
  const message = error instanceof Error ? error.message : String(error);
  const { line, column } = error instanceof LabError ? error.facts : {};
  return {
    message,
    line: typeof line === "number" ? line : null,
    column: typeof column === "number" ? column : null,
  };
}
