/** TypeScript's language server, as an editor uses it. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./sources.ts";

/** What a completion list names, and whether it is documented. */
export interface Completion {
  readonly label: string;
  readonly documented: boolean;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: any;
  readonly result?: any;
}

/** One server with one open document. */
export class LanguageServer {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (result: any) => void>();
  readonly #uri: string;
  readonly #text: string;
  #received = Buffer.alloc(0);
  #asked = 0;

  private constructor(folder: string, file: string, text: string) {
    this.#text = text;
    this.#uri = pathToFileURL(join(folder, file)).href;
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    this.#process = spawn(process.execPath, [tsc, "--lsp", "--stdio"], { stdio: ["pipe", "pipe", "ignore"] });
    this.#process.stdout?.on("data", (bytes: Buffer) => this.#receive(bytes));
  }

  /** A server for a folder with a tsconfig.json, and one of its files with some text. */
  static async start(folder: string, file: string, text: string): Promise<LanguageServer> {
    const server = new LanguageServer(folder, file, text);
    const capabilities = { textDocument: { completion: {}, hover: { contentFormat: ["markdown"] } } };
    await server.#ask("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      capabilities,
    });
    server.#send({ method: "initialized", params: {} });
    const textDocument = { uri: server.#uri, languageId: "typescript", version: 1, text };
    server.#send({ method: "textDocument/didOpen", params: { textDocument } });
    return server;
  }

  /** What is offered at the end of a text. */
  async completionsAtEnd(text: string): Promise<Completion[]> {
    const version = ++this.#asked;
    const lines = text.split("\n");
    const position = { line: lines.length - 1, character: lines[lines.length - 1].length };
    this.#send({
      method: "textDocument/didChange",
      params: { textDocument: { uri: this.#uri, version }, contentChanges: [{ text }] },
    });
    const list = await this.#ask("textDocument/completion", { textDocument: { uri: this.#uri }, position });
    const items: { label: string }[] = list?.items ?? list ?? [];
    return Promise.all(
      items.map(async (item) => {
        const { documentation } = await this.#ask("completionItem/resolve", item);
        const words = typeof documentation === "string" ? documentation : (documentation?.value ?? "");
        return { label: item.label, documented: words.trim() !== "" };
      }),
    );
  }

  /** What is shown at some places of the text that the server was started with, as Markdown. */
  hover(places: readonly number[]): Promise<string[]> {
    const starts = [0];
    for (let i = 0; i < this.#text.length; i++) if (this.#text[i] === "\n") starts.push(i + 1);
    return Promise.all(
      places.map(async (at) => {
        const line = starts.findLastIndex((start) => start <= at);
        const position = { line, character: at - starts[line] };
        const found = await this.#ask("textDocument/hover", { textDocument: { uri: this.#uri }, position });
        return found?.contents?.value ?? "";
      }),
    );
  }

  stop(): void {
    this.#process.kill();
  }

  #ask(method: string, params: unknown): Promise<any> {
    const id = ++this.#asked;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#received.toString("latin1", 0, end))?.[1]);
      if (this.#received.length < end + 4 + length) return;
      this.#handle(JSON.parse(this.#received.toString("utf8", end + 4, end + 4 + length)));
      this.#received = this.#received.subarray(end + 4 + length);
    }
  }

  #handle({ id, method, params, result }: Message): void {
    if (id === undefined) return;
    // The server asks for settings, which we leave at their defaults.
    if (method !== undefined) this.#send({ id, result: params?.items?.map(() => null) ?? null });
    else this.#waiting.get(id)?.(result);
  }
}
