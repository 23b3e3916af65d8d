/** Networks of code in Python: a worker writes them. */
import { signal } from "@preact/signals";
import { classCountOf, inputShapeOf } from "../../experiment/experiment.ts";
import { experiment, trainer } from "./lab.ts";

interface PythonCode {
  /** That it is written of. */
  readonly code: string;
  readonly definition: string | null;
  /** Why there is none. */
  readonly problem: string;
}

const written = signal<PythonCode | null>(null);

/** What is known of this code in Python; null until the worker has answered. */
export const pythonOf = (code: string): PythonCode | null =>
  written.value?.code === code ? written.value : null;

/** Asks the worker to write a network of code. */
export async function writePython(at: number): Promise<void> {
  const network = experiment.peek().networks[at];
  if (network?.kind !== "code" || pythonOf(network.code) !== null) return;
  const { code } = network;
  const shape = inputShapeOf(experiment.peek(), network);
  written.value = await trainer()
    .call("python", { network, shape, classes: classCountOf(experiment.peek()) })
    .then(
      ({ definition }) => ({ code, definition, problem: "" }),
      (error: unknown) => ({
        code,
        definition: null,
        problem: error instanceof Error ? error.message : String(error),
      }),
    );
}
