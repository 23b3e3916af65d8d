/** The system's Chromium, if there is one, and a server that gives it the bundled package. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

/** First the one without a browser's windows: a page in it takes a fifth of the time. */
const places = [
  process.env.CONVOYANT_CHROMIUM,
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executable = places.find((path) => path !== undefined && existsSync(path));

/** Why there is no browser test here, or false. */
export const noBrowser: string | false =
  executable === undefined ? "no Chromium found (install it, or point CONVOYANT_CHROMIUM at one)" : false;

/** @param more - arguments beside those that every test has. */
export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
/** Content security policies of whole sites: scripts and workers of their own only, with and without text as worker. */
const STRICT = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";
const POLICIES: Record<string, string> = {
  strict: `${STRICT}; worker-src 'self'`,
  texts: `${STRICT}; worker-src blob:`,
  noworkers: `${STRICT}; worker-src 'none'`,
};

/** The build, and in it the package as it is published. */
const build = fileURLToPath(new URL("../../", import.meta.url));

/** Where a page finds the entries of the package, by what it imports. */
function pageImports(folder: string): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  return Object.fromEntries(
    Object.entries<{ browser?: { default: string } }>(exports).flatMap(([entry, { browser }]) =>
      browser === undefined
        ? []
        : [[`convoyant${entry.slice(1)}`, browser.default.replace("./build/", folder)]],
    ),
  );
}

export interface Site {
  /** Serves this folder instead of the build. */
  readonly folder?: string;
  /** Answers before the folder is looked into. */
  readonly answers?: Readonly<Record<string, Uint8Array | string>>;
}

/**
 * Serves a folder below `/plain/`; below `/isolated/` with the headers that let pages share memory; below `/strict/`,
 * `/texts/` and `/noworkers/` with a content security policy. `page.html` finds the package by an import map, as a page without
 * a bundler does.
 */
export function serve(site: Site = {}): Promise<{ origin: string; server: Server }> {
  const folder = site.folder ?? build;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const [, kind = "", inner = ""] = /^\/(\w+)\/(.*)$/.exec(normalize(path)) ?? [];
    const headers: Record<string, string> = kind === "isolated" ? { ...ISOLATED } : {};
    if (POLICIES[kind] !== undefined) headers["Content-Security-Policy"] = POLICIES[kind];
    const send = (body: Uint8Array | string, type: string) =>
      response.writeHead(200, { ...headers, "Content-Type": type }).end(body);
    const answer = site.answers?.[inner];
    const file = join(folder, inner);
    if (answer !== undefined) send(answer, TYPES[extname(inner)] ?? "application/octet-stream");
    else if (inner === "page.html") {
      const map = JSON.stringify({ imports: pageImports(`/${kind}/`) });
      send(`<!doctype html><title>convoyant</title><script type="importmap">${map}</script>`, TYPES[".html"]);
    } else if (file.startsWith(folder) && existsSync(file) && extname(file) !== "") {
      send(readFileSync(file), TYPES[extname(file)] ?? "application/octet-stream");
    } else response.writeHead(404, headers).end();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }),
    );
  });
}
