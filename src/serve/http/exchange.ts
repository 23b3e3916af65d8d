/** A request and its answer as the routes see them, whichever server they pass through. */
import { ConvoyantError } from "../../base/errors.ts";

/** A request. */
export interface Incoming {
  readonly method: string;
  /** Path and query: `/predict?top=3`. */
  readonly target: string;
  /** A header by its lower-case name; null if it was not sent. */
  header(name: string): string | null;
  /**
   * Passes the body to `take` piece by piece and resolves at its end. What `take` throws ends the reading.
   *
   * @param signal - ends the reading, with its reason.
   */
  readBody(take: (piece: Uint8Array) => void, signal: AbortSignal): Promise<void>;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** What is sent back. */
export interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Why a request is refused: a short name that programs can look at. */
export type RefusalCode =
  | "bad_request"
  | "unauthorized"
  | "wrong_host"
  | "wrong_origin"
  | "not_found"
  | "method_not_allowed"
  | "timed_out"
  | "body_too_large"
  | "too_many_images"
  | "unsupported_media_type"
  | "not_predicted"
  | "reload_failed"
  | "queue_full"
  | "not_ready"
  | "client_gone"
  | "internal";

/** What goes with a refusal. */
interface RefusalDetails extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with an error. The message is for the client, so it must hold nothing secret. */
export class Refusal extends ConvoyantError {
  override name = "Refusal";
  readonly status: number;
  readonly code: RefusalCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: RefusalCode, message: string, details: RefusalDetails = {}) {
    const { headers = {}, ...options } = details;
    super(message, options);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const JSON_TYPE = "application/json; charset=utf-8";

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Outgoing {
  return { status, headers: { "content-type": JSON_TYPE, ...headers }, body: `${JSON.stringify(value)}\n` };
}

/** A refusal as clients get it: `{"error": {"code": "not_found", "message": "..."}}`. */
export function refusalAnswer({ status, code, message, headers }: Refusal): Outgoing {
  return jsonAnswer(status, { error: { code, message } }, headers);
}

/** How a client that has gone is logged; it gets no answer. */
export const clientGone = (): Refusal => new Refusal(499, "client_gone", "the client closed the connection");
