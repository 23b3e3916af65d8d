/** What a server reports, for logs. */

/** Something that happened. No event holds an image, a token, a query or an address that a client sent. */
export type ServeEvent =
  | RequestEvent
  | { readonly event: "ready"; readonly milliseconds: number }
  | { readonly event: "reloaded" }
  | { readonly event: "problem"; readonly message: string };

/** A request that was answered, or whose client has gone. */
export interface RequestEvent {
  readonly event: "request";
  /** Counted from 1. */
  readonly id: number;
  readonly method: string;
  /** Without the query; "other" for a path that the server does not have. */
  readonly path: string;
  /** 499 if the client had gone. */
  readonly status: number;
  /** From the request's headers to its answer. */
  readonly milliseconds: number;
  /** How many images were in it. */
  readonly images: number;
  /** How many of them could not be predicted. */
  readonly failed: number;
  /** Of the body. */
  readonly bytes: number;
  /** Why it was refused; null if it was not. */
  readonly code: string | null;
}
