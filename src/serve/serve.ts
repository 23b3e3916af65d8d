/** Serves a classifier over HTTP. */
import { ArgumentError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { ListenedSignal } from "../base/web_types.ts";
import { isLoopback, LOOPBACK_NAMES } from "./http/access.ts";
import { type ListenSettings, NodeServer } from "./http/node_server.ts";
import { RequestHandler } from "./request_handler.ts";
import {
  type CompleteServeOptions,
  checkClassifier,
  completeOptions,
  type ServeHandlerOptions,
} from "./serve_options.ts";
import type { ServedClassifier } from "./served_classifier.ts";

/** Where a server listens, and how it handles requests. */
export interface ServeOptions extends ServeHandlerOptions {
  /** The port; 0: one that is free. Default 8080. */
  readonly port?: number;
  /** The address to listen on. Default `"127.0.0.1"`, which only this machine reaches; any other needs a token. */
  readonly host?: string;
  /** Milliseconds in which the headers of a request must have come. Default 10,000. */
  readonly headersTimeout?: number;
  /** Milliseconds after which a connection without requests is closed. Default 65,000. */
  readonly keepAliveTimeout?: number;
  /** Milliseconds that `close` waits for requests under way. Default 10,000. */
  readonly shutdownTimeout?: number;
  /** Ends the server when it is aborted, as `close` does. */
  readonly signal?: ListenedSignal;
}

/** A server that runs. */
export interface RunningServer {
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The names of the classes when it started. */
  readonly classes: ServedClassifier["classes"];
  /**
   * Takes no more connections, answers the requests under way, and resolves when the last has been answered.
   *
   * @returns how many requests were cut off after `shutdownTimeout`.
   */
  close(): Promise<{ readonly lost: number }>;
  /** Resolves as `close` does, however it was ended. */
  readonly closed: Promise<{ readonly lost: number }>;
}

const TIMES = { headersTimeout: 10_000, keepAliveTimeout: 65_000, shutdownTimeout: 10_000 } as const;
const OWN = [...Object.keys(TIMES), "port", "host", "signal"];
const DEFAULT_PORT = 8080;
const LONGEST = 3_600_000;

/** A classifier, or what loads one. */
export type ServedSource = ServedClassifier | (() => Promise<ServedClassifier>);

/**
 * Starts a server for a classifier: `POST /predict` with images, `GET /health`, `/ready`, `/metrics`, `/openapi.json` and
 * a page at `/`. Resolves when it listens and has computed its first batches.
 *
 * @param source - a `Classifier`, or any object with `classes` and `predictBatch`; or a function that loads one: it is called
 *   when the server listens, and again for each `POST /reload`, which needs a token.
 * @throws ArgumentError for a wrong option, an address that others reach without a token, or a port in use; what the
 *   classifier throws when it is loaded, or computes its first batches.
 * @example
 * ```ts
 * import { serve, type ServedClassifier } from "convoyant/serve";
 * const always: ServedClassifier = {
 *   classes: ["cat", "dog"],
 *   predictBatch: async (images) => images.map(() => ({ probabilities: [1, 0] })),
 * };
 * const server = await serve(always, { port: 0, decodeWorkers: 0 });
 * const body = new TextEncoder().encode("P2 2 1 255 0 128");
 * const response = await fetch(`${server.url}/predict`, { method: "POST", body });
 * (await response.json()).predictions[0].label; // "cat"
 * await server.close();
 * ```
 */
export async function serve(source: ServedSource, options: ServeOptions = {}): Promise<RunningServer> {
  if (typeof source !== "function") checkClassifier("serve", source);
  const complete = completeOptions("serve", options, OWN);
  const listening = listenSettings(options, complete);
  const { host } = listening;
  const local = isLoopback(host);
  if (!local && complete.token === undefined)
    throw new ArgumentError(`serve: other machines reach ${host}, so a token is needed that clients send`, {
      cure: " (`token`); `openssl rand -hex 16` prints one",
      reason: "token needed",
    });
  const allowHosts = complete.allowHosts ?? (local ? [...LOOPBACK_NAMES, hostInUrl(host)] : undefined);
  const load = typeof source === "function" ? source : null;
  const handler = new RequestHandler({
    ...complete,
    allowHosts,
    reload: complete.reload ?? load ?? undefined,
  });
  const server = await NodeServer.listen(handler, listening).catch(async (error) => {
    await handler.abandon();
    throw error;
  });
  try {
    await handler.start(load === null ? (source as ServedClassifier) : await load());
  } catch (error) {
    await server.close();
    throw error;
  }
  return running(server, host, handler.classes, options.signal);
}

function running(
  server: NodeServer,
  host: string,
  classes: ServedClassifier["classes"],
  signal: ListenedSignal | undefined,
): RunningServer {
  const { port } = server;
  let settle: (ended: { lost: number }) => void;
  const closed = new Promise<{ lost: number }>((resolve) => {
    settle = resolve;
  });
  const close = async () => {
    const ended = { lost: await server.close() };
    settle(ended);
    return ended;
  };
  signal?.addEventListener("abort", () => void close());
  if (signal?.aborted) void close();
  return { url: `http://${hostInUrl(host)}:${port}`, host, port, classes, close, closed };
}

const hostInUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);

function listenSettings(
  options: ServeOptions,
  { bodyTimeout, answerTimeout }: CompleteServeOptions,
): ListenSettings {
  const { port = DEFAULT_PORT, host = "127.0.0.1" } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ArgumentError(`serve: expected port to be an integer from 0 to 65535, got ${shownValue(port)}`);
  if (typeof host !== "string" || host === "")
    throw new ArgumentError(
      `serve: expected host to be an address such as "127.0.0.1", got ${shownValue(host)}`,
    );
  const times = Object.fromEntries(
    Object.entries(TIMES).map(([name, usual]) => {
      const value = options[name as keyof typeof TIMES] ?? usual;
      if (!Number.isInteger(value) || value < 1 || value > LONGEST)
        throw new ArgumentError(
          `serve: expected ${name} to be an integer from 1 to ${LONGEST}, got ${shownValue(value)}`,
        );
      return [name, value];
    }),
  ) as Record<keyof typeof TIMES, number>;
  // A net under the limit that the handler has for bodies, for what it has answered without reading the body.
  return {
    port,
    host,
    ...times,
    answerTimeout,
    requestTimeout: Math.max(bodyTimeout, times.headersTimeout) + 1000,
  };
}
