/** How far a loop may run ahead of the engine without ever letting a result arrive. */
import { formatBytes } from "../engines/contract/run_program.ts";

const MOST_RUNS = 1000;
const MOST_BYTES = 2 ** 30;
/** Runs that may be under way however large their inputs are. */
const FEW = 4;

/** What is wrong with a loop that sends one more run, and the way out; null if nothing is. */
export function tooFarAhead(runs: number, bytesOfInputs: number): string | null {
  if (runs < MOST_RUNS && (runs <= FEW || bytesOfInputs <= MOST_BYTES)) return null;
  return (
    `${runs} steps wait to be computed, with ${formatBytes(bytesOfInputs)} of inputs: this loop sends them without ` +
    "ever waiting for one. Write `await optimizer.step()`, or await a result, such as `await loss.item()`, now and then"
  );
}
