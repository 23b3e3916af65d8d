/** `convoyant serve`: a classifier behind HTTP. */
import { Classifier } from "../../classifier/index.ts";
import { engineHere, fastestEngine } from "../../engines/select.ts";
import { type RequestEvent, type ServeEvent, type ServeOptions, serve } from "../../serve/index.ts";
import { useEngine } from "../../tensor/index.ts";
import { interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";

export interface ServeCommand {
  /** A run's folder, or a file of a classifier. */
  readonly source: string;
  readonly options: ServeOptions;
  readonly engine?: string;
  readonly threads?: number;
}

export async function serveCommand(command: ServeCommand, output: Output): Promise<number> {
  const { source, options, engine, threads } = command;
  const interrupt = interruption(() =>
    output.note("Answering the requests under way, then ending; again to end at once."),
  );
  const token = options.token ?? process.env.CONVOYANT_SERVE_TOKEN;
  const load = async () => {
    await useEngine(engine === undefined ? fastestEngine() : engineHere(engine), {
      ...(threads !== undefined && { threads }),
    });
    return Classifier.load(source);
  };
  const server = await serve(load, {
    ...options,
    files: async (served) => {
      const { classifierPage } = await import("../../ship/ship.ts");
      return served instanceof Classifier ? classifierPage(served) : new Map();
    },
    ...(token !== undefined && { token }),
    signal: interrupt.signal,
    onEvent: (event) => report(event, output),
  });
  interrupt.arm();
  const { url, classes } = server;
  output.line(`Serving ${source}, ${classes.length} classes: ${url}`);
  output.event({ event: "listening", time: now(), source, url, classes: classes.length });
  const { lost } = await server.closed;
  interrupt.release();
  output.line(lost === 0 ? "Ended; no request was lost." : `Ended; ${lost} requests took too long.`);
  output.event({ event: "end", time: now(), lost });
  return lost === 0 ? 0 : 1;
}

const now = (): string => new Date().toISOString();

function report(event: ServeEvent, output: Output): void {
  output.event({ ...event, time: now() });
  if (event.event === "request") output.line(requestLine(event));
  else if (event.event === "reloaded") output.line("The model was loaded again.");
  else if (event.event === "problem") output.note(event.message);
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
