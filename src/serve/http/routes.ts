/** Which paths there are, and what each takes. */

import type { RequestTally } from "../predict_route.ts";
import { type Incoming, type Outgoing, Refusal } from "./exchange.ts";

/** Answers one method of one path. */
export type Answer = (
  request: Incoming,
  query: URLSearchParams,
  tally: RequestTally,
) => Promise<Outgoing> | Outgoing;

export interface Route {
  /** Whether it is answered without the token: for programs that watch whether the server is alive. */
  readonly open?: boolean;
  readonly methods: Readonly<Partial<Record<"GET" | "POST", Answer>>>;
}

export type Routes = Readonly<Record<string, Route>>;

/** The methods of a path, as the Allow header lists them. */
export function allowed(route: Route): string {
  const methods = Object.keys(route.methods);
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

/** @throws Refusal (404, 405) */
export function answerFor(routes: Routes, path: string, method: string): Answer {
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined)
    throw new Refusal(404, "not_found", `there is no such path; there are ${Object.keys(routes).join(", ")}`);
  const { methods } = route;
  const answer =
    method === "GET" || method === "HEAD" ? methods.GET : method === "POST" ? methods.POST : undefined;
  if (answer !== undefined) return answer;
  throw new Refusal(405, "method_not_allowed", `this path takes ${allowed(route)}`, {
    headers: { allow: allowed(route) },
  });
}

/** Path and query of a request's target, which a proxy sends with the host before it. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const rest = target.replace(/^https?:\/\/[^/?#]*/i, "") || "/";
  const at = rest.indexOf("?");
  return at < 0
    ? { path: rest, query: new URLSearchParams() }
    : { path: rest.slice(0, at), query: new URLSearchParams(rest.slice(at + 1)) };
}
