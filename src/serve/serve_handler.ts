/** Requests about a classifier, for servers of one's own. */
import type { WebRequest, WebResponse } from "../base/web_types.ts";
import { incomingOf, responseOf } from "./http/fetch_exchange.ts";
import { RequestHandler } from "./request_handler.ts";
import { checkClassifier, completeOptions, type ServeHandlerOptions } from "./serve_options.ts";
import type { ServedClassifier } from "./served_classifier.ts";

/** A server's part that handles requests, for servers of your own. */
export interface ServeHandler {
  /** Answers a request. */
  fetch(request: WebRequest): Promise<WebResponse>;
  /** Resolves when the classifier has computed its first batches, so that no request waits for that. */
  readonly ready: Promise<void>;
  /** Waits for the requests under way and ends the workers. */
  close(): Promise<void>;
}

/**
 * Requests about a classifier as a `fetch` handler, for Hono, Deno, Bun, or any server that hands over a `Request`:
 * `POST /predict`, `GET /health`, `/ready`, `/metrics`, `/openapi.json` and `/`. Listening, TLS and time limits for
 * headers are the server's; `docs/serve.md` has the rest.
 *
 * @param classifier - a `Classifier`, or any object with `classes` and `predictBatch`.
 * @throws ArgumentError for an unknown option, or a wrong value.
 * @example
 * ```ts
 * import { serveHandler, type ServedClassifier } from "convoyant/serve";
 * const always: ServedClassifier = {
 *   classes: ["cat", "dog"],
 *   predictBatch: async (images) => images.map(() => ({ probabilities: [1, 0] })),
 * };
 * const handler = serveHandler(always, { decodeWorkers: 0 });
 * const body = new TextEncoder().encode("P2 2 1 255 0 128");
 * const response = await handler.fetch(new Request("http://localhost/predict", { method: "POST", body }));
 * (await response.json()).predictions[0].label; // "cat"
 * await handler.close();
 * ```
 */
export function serveHandler(classifier: ServedClassifier, options: ServeHandlerOptions = {}): ServeHandler {
  checkClassifier("serveHandler", classifier);
  const handler = new RequestHandler(completeOptions("serveHandler", options));
  const ready = handler.start(classifier);
  // A caller that does not look at it must not be ended by it: requests fail with the same problem.
  ready.catch(() => {});
  return {
    ready,
    fetch: async (request) => responseOf(await handler.handle(incomingOf(request))),
    close: () => handler.close(),
  };
}
