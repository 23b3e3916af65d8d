/** A server on loopback that gives out the shipment and a page which drives it, and waits for what that page found. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ShippedFiles } from "../shipment_folder.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
  json: "application/json",
};

/** With these a page may share memory with workers, and uses all processors. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const MOST_ANSWER_BYTES = 2 ** 28;

/** A page's answers: for each image its probabilities, or what went wrong. */
export type PageAnswer = { readonly probabilities: number[] } | { readonly problem: string };

export interface PageServer {
  readonly origin: string;
  /** What the driving page sends. */
  readonly answers: Promise<PageAnswer[] | { readonly problem: string }>;
  close(): void;
}

/**
 * Starts the server. Other programs do not know the paths below the token.
 *
 * @param onDone - called with the number of images that the page says it has answers for.
 */
export async function servePage(
  files: ShippedFiles,
  token: string,
  onDone: (images: number) => void,
): Promise<PageServer> {
  let resolveAnswers: (answers: PageAnswer[]) => void = () => {};
  const answers = new Promise<PageAnswer[]>((resolve) => (resolveAnswers = resolve));
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://127.0.0.1").pathname);
    if (request.method === "POST" && path === `/${token}/answers`) {
      void bodyOf(request).then((text) => {
        response.writeHead(204).end();
        resolveAnswers(JSON.parse(text) as PageAnswer[]);
      });
      return;
    }
    if (request.method === "POST" && path === `/${token}/done`) {
      void bodyOf(request).then((text) => {
        response.writeHead(204).end();
        onDone(Number(text));
      });
      return;
    }
    const name = path.startsWith(`/${token}/`) ? path.slice(token.length + 2) : "";
    const content = files.get(name);
    if (content === undefined) return void response.writeHead(404).end();
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...ISOLATED }).end(content);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${port}/${token}`, answers, close };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MOST_ANSWER_BYTES) throw new Error("the page sent too much");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
