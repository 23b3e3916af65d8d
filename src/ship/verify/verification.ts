/** What `--verify` finds. */

/** An image, encoded as it came. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Probabilities of some of the images, a row for each, or why there are none. */
export type Answers = { readonly rows: readonly (readonly number[])[] } | { readonly skipped: string };

/** Told for how many of the images there are answers. */
export type Watch = (done: number, of: number) => void;

/** How one place that runs the model compares with the reference. */
export interface VerificationRow {
  readonly name: string;
  readonly outcome:
    | { readonly images: number; readonly same: number; readonly difference: number }
    | { readonly skipped: string };
}

export interface Verification {
  /** How many images were looked at. */
  readonly images: number;
  readonly rows: readonly VerificationRow[];
  /** Whether all that ran gave the same classes, and probabilities within {@link TOLERANCE}. */
  readonly holds: boolean;
}

/** The most that a probability may differ. */
export const TOLERANCE = 1e-4;

/** Compares answers with the reference's, which may have more images. */
export function compareAnswers(
  name: string,
  answers: Answers,
  reference: readonly (readonly number[])[],
): VerificationRow {
  if ("skipped" in answers) return { name, outcome: answers };
  let same = 0;
  let difference = 0;
  answers.rows.forEach((row, i) => {
    const expected = reference[i];
    if (row.length === expected.length && indexOfLargest(row) === indexOfLargest(expected)) same++;
    const apart = expected.map((p, k) => Math.abs(p - (row[k] ?? Number.NaN)));
    // NaN differs.
    for (const d of apart) difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(difference, d);
  });
  return { name, outcome: { images: answers.rows.length, same, difference } };
}

/** Whether a row keeps the promise; one that did not run breaks none. */
export function rowHolds({ outcome }: VerificationRow): boolean {
  if ("skipped" in outcome) return true;
  return outcome.same === outcome.images && outcome.difference <= TOLERANCE;
}

function indexOfLargest(row: readonly number[]): number {
  return row.reduce((best, p, i) => (p > row[best] ? i : best), 0);
}
