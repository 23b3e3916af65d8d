/** The platform's `Request` and `Response`, seen as the routes see requests and answers. */
import type { Incoming, Outgoing } from "./exchange.ts";

export function incomingOf(request: Request): Incoming {
  const { pathname, search, host } = new URL(request.url);
  return {
    method: request.method,
    target: pathname + search,
    // A request that was made by hand has no Host header.
    header: (name) => request.headers.get(name) ?? (name === "host" ? host : null),
    readBody: (take, signal) => readStream(request.body, take, signal),
    signal: request.signal,
  };
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
  take: (piece: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      take(value);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const WITHOUT_BODY = [204, 304];

export function responseOf({ status, headers, body }: Outgoing): Response {
  return new Response(WITHOUT_BODY.includes(status) ? null : (body as BodyInit), { status, headers });
}
