/** What went wrong, in the reader's language, with what to do; and short messages for screen readers. */
import { signal } from "@preact/signals";
import type { WordName } from "../../words/en.ts";
import { LabError, type Problem, type ProblemKind, problemOf } from "../../worker/problem.ts";
import { t } from "./language.ts";

/** The problem that is shown; one at a time, the newest. */
export const problem = signal<Problem | null>(null);

/** Said to screen readers, and shown for some seconds. */
export const message = signal<string>("");

export function tellProblem(value: Problem): void {
  problem.value = value;
}

export function tellError(error: unknown): void {
  if (!(error instanceof LabError)) console.error(error);
  problem.value = problemOf(error);
}

/** Does work whose failure is told on the page; null if it failed. */
export async function told<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    tellError(error);
    return null;
  }
}

export function dismissProblem(): void {
  problem.value = null;
}

let fading: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  message.value = text;
  clearTimeout(fading);
  fading = setTimeout(() => {
    message.value = "";
  }, 4000);
}

const TITLES: Readonly<Record<ProblemKind, WordName>> = {
  diverged: "problemDiverged",
  "out of memory": "problemMemory",
  "worker lost": "problemWorkerLost",
  "no simd": "problemNoSimd",
  "data missing": "problemDataMissing",
  "one class": "problemOneClass",
  "bad network": "problemBadNetwork",
  "bad code": "problemBadCode",
  "code never ends": "problemCodeNeverEnds",
  "no image": "problemNoImage",
  "storage full": "problemStorageFull",
  "bad experiment": "problemBadExperiment",
  "newer version": "problemNewerVersion",
  "cannot export": "problemCannotExport",
  failed: "problemFailed",
};

const ADVICE: Partial<Readonly<Record<ProblemKind, WordName>>> = {
  diverged: "adviceDiverged",
  "out of memory": "adviceMemory",
  "worker lost": "adviceWorkerLost",
  "no simd": "adviceNoSimd",
  "data missing": "adviceDataMissing",
  "one class": "adviceOneClass",
  "code never ends": "adviceCodeNeverEnds",
  "storage full": "adviceStorageFull",
  "newer version": "adviceNewerVersion",
  "bad experiment": "adviceBadExperiment",
};

/** Kinds whose own message says more than the title does, in any language. */
const WITH_MESSAGE: ReadonlySet<ProblemKind> = new Set<ProblemKind>([
  "bad network",
  "bad code",
  "no image",
  "cannot export",
  "bad experiment",
  "failed",
  "data missing",
]);

export interface ShownProblem {
  readonly title: string;
  readonly detail: string;
  readonly advice: string;
}

/** A problem as the page says it. */
export function shownProblem(value: Problem): ShownProblem {
  const facts = {
    layer: "?",
    step: "?",
    file: "?",
    seconds: "?",
    format: "?",
    ...value.facts,
    name: value.facts["file"] ?? "",
  };
  const advice = ADVICE[value.kind];
  // Each layer gave numbers: only the loss did not.
  const isLoss = value.kind === "diverged" && facts["layer"] === "";
  return {
    title: t(isLoss ? "problemDivergedLoss" : TITLES[value.kind], facts),
    detail: WITH_MESSAGE.has(value.kind) ? value.message : "",
    advice: advice === undefined ? "" : t(advice, facts),
  };
}
