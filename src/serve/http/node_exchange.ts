/** Requests and answers of `node:http`, seen as the routes see them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { clientGone, type Incoming, type Outgoing } from "./exchange.ts";

/** @param expectsContinue - whether the client waits for a word before it sends the body. */
export function incomingOf(
  message: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): Incoming {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort(clientGone());
  });
  return {
    method: message.method ?? "GET",
    target: message.url ?? "/",
    header: (name) => {
      const value = message.headers[name];
      return value === undefined ? null : String(value);
    },
    readBody: (take, signal) => {
      if (expectsContinue) response.writeContinue();
      return readMessage(message, take, signal);
    },
    signal: gone.signal,
  };
}

/** By events: an iterator would close the connection, and the answer with it, when the reading ends early. */
function readMessage(
  message: IncomingMessage,
  take: (piece: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      message.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onData = (piece: Uint8Array) => {
      try {
        take(piece);
      } catch (error) {
        end(() => reject(error));
      }
    };
    const onEnd = () => end(resolve);
    const onBroken = () => end(() => reject(clientGone()));
    const onAbort = () => end(() => reject(signal.reason));
    message.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** @param last - whether the connection is closed behind the answer. */
export function send({ status, headers, body }: Outgoing, response: ServerResponse, last: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const closing = last ? { connection: "close" } : {};
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length, ...closing });
  response.end(body);
}
