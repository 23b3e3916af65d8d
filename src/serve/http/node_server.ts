/** A server of `node:http`: listens, limits time, and ends without losing a request that it has taken. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { ArgumentError, type ErrorReason } from "../../base/errors.ts";
import type { RequestHandler } from "../request_handler.ts";
import { incomingOf, send } from "./node_exchange.ts";

/** Where a server listens, and how long it waits; milliseconds. */
export interface ListenSettings {
  readonly host: string;
  readonly port: number;
  /** In which the headers of a request must have come. */
  readonly headersTimeout: number;
  /** In which a request must have come, its body included. */
  readonly requestTimeout: number;
  /** After which a connection without requests is closed. */
  readonly keepAliveTimeout: number;
  /** In which an answer is begun. */
  readonly answerTimeout: number;
  /** After which connections are cut when the server ends. */
  readonly shutdownTimeout: number;
}

/** How often connections are looked at: Node.js does so every 30 seconds by itself. */
const CHECK_MILLISECONDS = 500;

/** How long a connection without a request is kept when the server ends: its next request may be on the way. */
const LAST_REQUEST_MILLISECONDS = 500;

const POLL_MILLISECONDS = 20;

/** Bytes of a request's headers. */
const MOST_HEADER_BYTES = 16_384;

/** A connection takes a file descriptor, of which a process has a thousand or more. */
const MOST_CONNECTIONS = 900;

/** A client that reads its answer so slowly is gone. */
const SILENCE_MILLISECONDS = 120_000;

/** A server that listens. */
export class NodeServer {
  readonly #server: Server;
  readonly #handler: RequestHandler;
  readonly #settings: ListenSettings;
  #closing: Promise<number> | null = null;
  #underWay = 0;

  private constructor(handler: RequestHandler, settings: ListenSettings) {
    this.#handler = handler;
    this.#settings = settings;
    const { headersTimeout, requestTimeout, keepAliveTimeout, answerTimeout } = settings;
    this.#server = createServer({
      headersTimeout,
      requestTimeout,
      keepAliveTimeout,
      connectionsCheckingInterval: CHECK_MILLISECONDS,
      maxHeaderSize: MOST_HEADER_BYTES,
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.timeout = answerTimeout + SILENCE_MILLISECONDS;
    this.#server.on("request", (message, response) => void this.#answer(message, response, false));
    this.#server.on("checkContinue", (message, response) => void this.#answer(message, response, true));
  }

  /** @throws ArgumentError if there is no listening at that address. */
  static listen(handler: RequestHandler, settings: ListenSettings): Promise<NodeServer> {
    const started = new NodeServer(handler, settings);
    return listening(started.#server, "serve", settings).then(() => started);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Takes no more connections, answers what was sent on those that there are, and closes each behind its answer.
   *
   * @returns how many requests were cut off, since they took longer than the time for it.
   */
  close(): Promise<number> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #answer(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    this.#underWay++;
    response.on("close", () => this.#underWay--);
    const answer = await this.#handler.handle(incomingOf(message, response, expectsContinue));
    // A client that waited for a word before the body, and got an answer instead, may send it or not.
    const unread = expectsContinue && !message.complete;
    send(answer, response, unread || this.#closing !== null);
  }

  async #close(): Promise<number> {
    this.#handler.drain();
    // Connections that the system has accepted already become ours first.
    await new Promise((resolve) => setImmediate(resolve));
    const { shutdownTimeout } = this.#settings;
    const start = performance.now();
    let connections = true;
    // That of http would cut connections whose next request is on the way.
    NetServer.prototype.close.call(this.#server, () => {
      connections = false;
    });
    let lost = 0;
    while (connections) {
      const passed = performance.now() - start;
      if (passed > shutdownTimeout) {
        lost = this.#underWay;
        this.#server.closeAllConnections();
        break;
      }
      if (passed > LAST_REQUEST_MILLISECONDS) this.#server.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    // It ends the timer that looks at connections.
    this.#server.close(() => {});
    await (lost === 0 ? this.#handler.close() : this.#handler.abandon());
    return lost;
  }
}

type Refused = readonly [problem: string, cure: string, reason: ErrorReason];

/**
 * Has a server listen.
 *
 * @param of - the command that asks for it, for messages.
 * @throws ArgumentError if there is no listening at that address.
 */
export function listening(
  server: Server,
  of: string,
  { host, port }: Pick<ListenSettings, "host" | "port">,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(notListening(of, error, host, port));
    server.once("error", fail);
    server.listen({ host, port }, () => {
      server.removeListener("error", fail);
      resolve();
    });
  });
}

function notListening(of: string, error: NodeJS.ErrnoException, host: string, port: number): ArgumentError {
  const unknown = ["; name one of its addresses (`host`)", "address unknown"] as const;
  const reasons: Readonly<Record<string, Refused>> = {
    EADDRINUSE: [
      `port ${port} of ${host} is in use`,
      "; choose another (`port`), or 0 for one that is free",
      "port in use",
    ],
    EACCES: [
      `port ${port} of ${host} needs rights that this process lacks`,
      "; choose one above 1023 (`port`)",
      "port forbidden",
    ],
    EADDRNOTAVAIL: [`${host} is not an address of this machine`, ...unknown],
    ENOTFOUND: [`${host} is not an address, or a name of one`, ...unknown],
  };
  const known = reasons[error.code ?? ""];
  if (known === undefined)
    return new ArgumentError(`${of}: cannot listen on ${host}, port ${port}: ${error.message}`, {
      cause: error,
    });
  const [problem, cure, reason] = known;
  return new ArgumentError(`${of}: ${problem}`, { cure, reason, cause: error });
}
