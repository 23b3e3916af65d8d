/** What is told of a server as it runs. */
import type { Reporter } from "../report/reporter.ts";
import type { RequestEvent, ServeEvent } from "./events.ts";

/**
 * Reports what happens in a server: a line for each request to people, everything to machines.
 *
 * @example
 * ```ts no-run
 * import { Classifier } from "convoyant/classifier";
 * import { CollectingReporter } from "convoyant/report";
 * import { reportServing, serve } from "convoyant/serve";
 * const told = new CollectingReporter();
 * const load = () => Classifier.load("runs/first");
 * await serve(load, { onEvent: (event) => reportServing(event, told) });
 * ```
 */
export function reportServing(event: ServeEvent, reporter: Reporter): void {
  reporter.event({ ...event, time: new Date().toISOString() });
  if (event.event === "request") reporter.line(requestLine(event));
  else if (event.event === "reloaded") reporter.line("The model was loaded again.");
  else if (event.event === "problem") reporter.note(event.message);
}

/** `POST /predict 200 12 ms, 3 images, 1 failed`. */
function requestLine({ method, path, status, milliseconds, images, failed, code }: RequestEvent): string {
  const counts = [
    ...(images > 0 ? [`${images} ${images === 1 ? "image" : "images"}`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(code !== null ? [code] : []),
  ];
  return [`${method} ${path} ${status} ${milliseconds.toFixed(1)} ms`, ...counts].join(", ");
}
