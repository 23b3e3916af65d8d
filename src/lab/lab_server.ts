/** A server of the Lab for this machine alone. */
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isError } from "../base/builtin_kinds.ts";
import type { ListenedSignal } from "../base/web_types.ts";
import { LOOPBACK_NAMES } from "../serve/http/access.ts";
import { listening } from "../serve/http/node_server.ts";
import { type LabAnswer, type LabContent, LabSite } from "./lab_site.ts";

/** The page may share memory between threads, and loads nothing from elsewhere. Code networks are compiled in workers. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": [
    "default-src 'self'",
    "script-src 'self' 'unsafe-eval' blob:",
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self' blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
} as const;

const HOST = "127.0.0.1";

export interface LabServerOptions {
  /** 0: one that is free. */
  readonly port: number;
  readonly signal?: ListenedSignal;
}

/** A server that runs. */
export interface LabServer {
  /** Where the page is: `http://127.0.0.1:7070/`. */
  readonly url: string;
  /** Resolves when it has ended, however that was asked for. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** @throws ArgumentError if there is no listening at the port. */
export async function serveLabContent(
  content: LabContent,
  { port, signal }: LabServerOptions,
): Promise<LabServer> {
  const site = new LabSite(content);
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => void answer({ site, streams }, request, response));
  await listening(server, "lab", { host: HOST, port });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  const close = (): Promise<void> => {
    server.close();
    void endAll(streams).then(() => server.closeAllConnections());
    return closed;
  };
  signal?.addEventListener("abort", () => void close());
  if (signal?.aborted) void close();
  return { url: `http://${HOST}:${(server.address() as AddressInfo).port}/`, closed, close };
}

/** A page that does not read has this long to take what it was told. */
const LAST_EVENTS_MILLISECONDS = 1000;

/** Ends streams of events once all that was told has been sent. */
async function endAll(streams: ReadonlySet<ServerResponse>): Promise<void> {
  const sent = [...streams].map((stream) => new Promise<void>((resolve) => stream.end(() => resolve())));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_EVENTS_MILLISECONDS);
  });
  await Promise.race([Promise.all(sent), late]);
  clearTimeout(timer);
}

interface Served {
  readonly site: LabSite;
  /** Those of events, while they are open. */
  readonly streams: Set<ServerResponse>;
}

async function answer(
  { site, streams }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, text: string) =>
    response.writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" }).end(`${text}\n`);
  try {
    // A page of another name that points to this machine (DNS rebinding) must not read folders.
    const host = (request.headers.host ?? "").toLowerCase().replace(/:\d*$/, "");
    if (!LOOPBACK_NAMES.includes(host)) return void refuse(403, "the Lab answers to localhost alone");
    if (request.method !== "GET" && request.method !== "HEAD")
      return void refuse(405, "only GET is answered");
    const found = await site.answer(pathOf(request));
    if (found === null) return void refuse(404, "there is no such file");
    send(found, streams, request, response);
  } catch (error) {
    refuse(isError(error) && error.name === "URIError" ? 400 : 500, "the request cannot be answered");
  }
}

/** The path, decoded, without the slash before it. */
function pathOf(request: IncomingMessage): string {
  const { pathname } = new URL(request.url ?? "/", `http://${HOST}`);
  return decodeURIComponent(pathname.slice(1));
}

function send(
  found: LabAnswer,
  streams: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const isHead = request.method === "HEAD";
  if (found.kind === "events") {
    response.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream; charset=utf-8" });
    if (isHead) return void response.end();
    response.flushHeaders();
    const stop = found.training.listen((text) => response.write(text));
    streams.add(response);
    response.once("close", () => {
      streams.delete(response);
      stop();
    });
    return;
  }
  const size =
    found.kind === "file" ? statSync(found.path).size : Buffer.byteLength(found.bytes as Uint8Array | string);
  response.writeHead(200, { ...HEADERS, "Content-Type": found.type, "Content-Length": size });
  if (isHead) return void response.end();
  if (found.kind === "bytes") return void response.end(found.bytes);
  createReadStream(found.path)
    .on("error", () => response.destroy())
    .pipe(response);
}
