/** Code that comes in a link or a file is another person's: it runs when the reader of the page says so. */
import { signal } from "@preact/signals";
import type { Experiment } from "../../experiment/experiment.ts";

/** The code that is asked about. */
export const asked = signal<{ readonly code: string; readonly answer: (run: boolean) => void } | null>(null);

/** Whether the experiment may be prepared; asks if it holds code. */
export function mayRun({ networks }: Experiment): Promise<boolean> {
  const code = networks.flatMap((network) => (network.kind === "code" ? [network.code] : []));
  if (code.length === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    asked.value = {
      code: code.join("\n\n"),
      answer(run) {
        asked.value = null;
        resolve(run);
      },
    };
  });
}
