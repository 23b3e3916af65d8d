/** What can go wrong in the Lab, as plain data: the page says each kind in its languages. */

export const PROBLEM_KINDS = [
  /** The loss or a weight became NaN or infinite. Training has paused. facts: step, layer, network, cause. */
  "diverged",
  /** A step, or a network, does not fit the memory. facts: batchSize, or bytes. */
  "out of memory",
  /** The training worker ended, or does not answer. What was trained last is in the last checkpoint. */
  "worker lost",
  /** This browser has no WebAssembly SIMD (or no WebAssembly). */
  "no simd",
  /** The data set's file is missing, or is not what it should be. facts: file. */
  "data missing",
  /** Fewer than two classes have images. facts: classes. */
  "one class",
  /** A network's blocks do not fit together. facts: network, block. */
  "bad network",
  /** Code does not compile, or throws. facts: network, line, column. */
  "bad code",
  /** Code did not end in time and was stopped. facts: seconds. */
  "code never ends",
  /** A file is not an image, or a damaged one. facts: file. */
  "no image",
  /** The browser's storage is full. facts: stored. */
  "storage full",
  /** What an experiment's file or address says is not an experiment. */
  "bad experiment",
  /** An experiment of a newer version. facts: format. */
  "newer version",
  /** What was asked for cannot be made of this network (a shipped page of a code network). */
  "cannot export",
  /** Anything else. */
  "failed",
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export interface Problem {
  readonly kind: ProblemKind;
  /** In English, whole sentences: for a console, and where the page has no text of its own. */
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** An error that carries a {@link Problem}. */
export class LabError extends Error implements Problem {
  override readonly name = "LabError";
  readonly kind: ProblemKind;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(kind: ProblemKind, message: string, facts: Problem["facts"] = {}, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.facts = facts;
  }
}

/** Any error as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof LabError) return { kind: error.kind, message: error.message, facts: error.facts };
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : "";
  // The library's error, and what an engine or an allocation throws.
  if (name === "OutOfMemoryError" || /allocation failed|out of memory|Array buffer allocation/i.test(message))
    return { kind: "out of memory", message, facts: {} };
  return { kind: "failed", message, facts: {} };
}
