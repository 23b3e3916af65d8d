/** A run or a file of a classifier behind HTTP, with its page. Node only. */
import { Classifier } from "../classifier/index.ts";
import { engineHere, fastestEngine } from "../engines/select.ts";
import { type RunningServer, type ServeOptions, serve } from "../serve/index.ts";
import { useEngine } from "../tensor/index.ts";
import { classifierPage } from "./ship.ts";

/** What `serveFile` takes. */
export interface ServeFileOptions extends Omit<ServeOptions, "files"> {
  /** @default the fastest that works here */
  readonly engine?: string | undefined;
  /** @default as many as there are processors */
  readonly threads?: number | undefined;
}

/**
 * Serves the classifier of a run or a file, with a page to try it: what `convoyant serve` does. `POST /reload` loads it again.
 *
 * @param source - a run's folder, or a .safetensors or .onnx file of a classifier.
 * @throws ArgumentError for a wrong option; FileError for a source that cannot be read.
 * @example
 * ```ts no-run
 * import { serveFile } from "convoyant/ship";
 * const server = await serveFile("runs/first", { port: 9000 });
 * server.url;
 * ```
 */
export function serveFile(
  source: string,
  { engine, threads, ...options }: ServeFileOptions = {},
): Promise<RunningServer> {
  const load = async () => {
    await useEngine(engine === undefined ? fastestEngine() : engineHere(engine), {
      ...(threads !== undefined && { threads }),
    });
    return Classifier.load(source);
  };
  return serve(load, {
    ...options,
    files: async (served) => (served instanceof Classifier ? classifierPage(served) : new Map()),
  });
}
