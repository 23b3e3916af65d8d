/** Who may send requests: the token, the names that the server answers to, and pages of other origins. */
import { createHash, timingSafeEqual } from "node:crypto";
import { type Incoming, Refusal } from "./exchange.ts";

export interface AccessRules {
  readonly token?: string;
  readonly allowHosts?: readonly string[];
  readonly allowOrigin: readonly string[];
}

/** Whether only programs on this machine reach an address. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:/, "");
  return plain === "localhost" || plain === "::1" || /^127(?:\.\d{1,3}){3}$/.test(plain);
}

/** What a server on a loopback address is called. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

export class Access {
  readonly #rules: AccessRules;
  /** Digests have one length, which the comparison needs, and say nothing about the token's. */
  readonly #digest: Buffer | null;

  constructor(rules: AccessRules) {
    this.#rules = rules;
    this.#digest = rules.token === undefined ? null : digest(rules.token);
  }

  /**
   * A page of another name that points to this machine (DNS rebinding) is refused: its requests would come from the
   * user's own browser.
   *
   * @throws Refusal (403)
   */
  checkHost(request: Incoming): void {
    const { allowHosts } = this.#rules;
    const host = request.header("host");
    if (allowHosts === undefined || host === null) return;
    const name = host.toLowerCase().replace(/:\d*$/, "");
    if (allowHosts.some((allowed) => allowed.toLowerCase() === name)) return;
    throw new Refusal(403, "wrong_host", "the server does not answer to the name in the Host header");
  }

  /**
   * A page of another origin could have every visitor's browser send images here.
   *
   * @throws Refusal (403)
   */
  checkOrigin(request: Incoming): void {
    const origin = request.header("origin");
    if (origin === null || this.#mayCall(origin) || isOwn(origin, request.header("host"))) return;
    throw new Refusal(403, "wrong_origin", "pages of this origin may not send requests to the server");
  }

  /** @throws Refusal (401) */
  checkToken(request: Incoming): void {
    if (this.#digest === null) return;
    const [, given] = /^bearer +(\S+) *$/i.exec(request.header("authorization") ?? "") ?? [];
    if (given !== undefined && timingSafeEqual(digest(given), this.#digest)) return;
    throw new Refusal(
      401,
      "unauthorized",
      given === undefined
        ? "send the server's token: Authorization: Bearer <token>"
        : "the token is not the server's",
      { headers: { "www-authenticate": 'Bearer realm="convoyant"' } },
    );
  }

  /** Headers that let pages of allowed origins read an answer. */
  corsHeaders(request: Incoming): Record<string, string> {
    if (this.#rules.allowOrigin.length === 0) return {};
    const origin = request.header("origin");
    const all = this.#rules.allowOrigin.includes("*");
    if (all) return { "access-control-allow-origin": "*" };
    if (origin === null || !this.#mayCall(origin)) return { vary: "Origin" };
    return { "access-control-allow-origin": origin, vary: "Origin" };
  }

  /** Further headers of the answer to the question that a browser asks first. */
  preflightHeaders(request: Incoming, methods: string): Record<string, string> {
    const origin = request.header("origin");
    if (origin === null || !this.#mayCall(origin)) return {};
    return {
      "access-control-allow-methods": methods,
      "access-control-allow-headers": "authorization, content-type",
      "access-control-max-age": "600",
    };
  }

  #mayCall(origin: string): boolean {
    const { allowOrigin } = this.#rules;
    return allowOrigin.includes("*") || allowOrigin.includes(origin);
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether a page came from this server. Its scheme may be that of a proxy in front. */
function isOwn(origin: string, host: string | null): boolean {
  return host !== null && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
