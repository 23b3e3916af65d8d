/** Reads bodies of requests within limits of size, time and of what all of them hold together. */
import { joined } from "../../io/joined_pieces.ts";
import { clientGone, type Incoming, Refusal } from "./exchange.ts";

export interface BodyLimits {
  /** The most bytes of one body. */
  readonly maxBodyBytes: number;
  /** Milliseconds in which a body must have come. */
  readonly bodyTimeout: number;
}

/** Bytes of all bodies that are held at the moment: many clients must not fill the memory together. */
export class BodyBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** @throws Refusal (503) if there is no room for as many more bytes. */
  take(bytes: number): void {
    if (this.#held + bytes > this.#limit)
      throw new Refusal(503, "queue_full", "too many bodies are being received; try again later", {
        headers: { "retry-after": "1" },
      });
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/** A body that has been read. `release` gives its bytes back to the budget. */
export interface ReadBody {
  readonly bytes: Uint8Array;
  release(): void;
}

/** @throws Refusal for a body that is announced to be too large, before a byte of it is read. */
export function checkAnnouncedLength(request: Incoming, maxBodyBytes: number): void {
  const announced = request.header("content-length");
  if (announced !== null && Number(announced) > maxBodyBytes) throw tooLarge(maxBodyBytes);
}

/**
 * Reads a whole body. Nothing is allocated on what a header claims.
 *
 * @throws Refusal if it is too large, too slow, cut short, or there is no room for it.
 */
export async function readBody(
  request: Incoming,
  { maxBodyBytes, bodyTimeout }: BodyLimits,
  budget: BodyBudget,
): Promise<ReadBody> {
  const pieces: Uint8Array[] = [];
  let [size, held] = [0, 0];
  const release = () => {
    budget.give(held);
    held = 0;
  };
  const limit = new AbortController();
  const stop = () => limit.abort(clientGone());
  const timer = setTimeout(() => limit.abort(tooSlow(bodyTimeout)), bodyTimeout);
  request.signal.addEventListener("abort", stop, { once: true });
  try {
    await request.readBody((piece) => {
      size += piece.byteLength;
      if (size > maxBodyBytes) throw tooLarge(maxBodyBytes);
      budget.take(piece.byteLength);
      held += piece.byteLength;
      pieces.push(piece);
    }, limit.signal);
    return { bytes: pieces.length === 1 ? pieces[0] : joined(pieces), release };
  } catch (error) {
    release();
    throw error;
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", stop);
  }
}

function tooLarge(limit: number): Refusal {
  return new Refusal(
    413,
    "body_too_large",
    `the body is larger than ${limit} bytes, which is the most here; send fewer or smaller images`,
  );
}

function tooSlow(milliseconds: number): Refusal {
  return new Refusal(408, "timed_out", `the body did not come within ${milliseconds / 1000} s`);
}
