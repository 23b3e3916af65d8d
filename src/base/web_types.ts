/**
 * What is needed of objects of the web platform, which Node.js has too. Their own names would need the types of a page
 * or of Node.js in every project that uses the package.
 */

/** A `URL`. */
export interface UrlLike {
  readonly href: string;
}

/** An `AbortController`'s signal. */
export interface AbortSignalLike {
  readonly aborted: boolean;
}

/** The same for work that stops while it runs. */
export interface ListenedSignal extends AbortSignalLike {
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A `Blob` or `File`. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  slice(start: number, end: number): BlobLike;
}

/** What `fetch` resolves to. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The platform's `Request`, in projects that have its type. */
export type WebRequest = typeof globalThis extends { Request: { prototype: infer Own } }
  ? Own
  : { readonly method: string; readonly url: string };

/** The platform's `Response`, in projects that have its type. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer Own } }
  ? Own
  : ResponseLike;

/** An address as text. */
export function addressOf(url: string | UrlLike): string {
  return typeof url === "string" ? url : url.href;
}
