/** The system's Chromium, where there is one, and a server that gives it the built package. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

const places = [
  process.env.CONVOYANT_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executable = places.find((path) => path !== undefined && existsSync(path));

/** Why there is no browser test here, or false. */
export const noBrowser: string | false =
  executable === undefined ? "no Chromium found (install it, or point CONVOYANT_CHROMIUM at one)" : false;

export function launch(): Promise<Browser> {
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
    ],
  });
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};
const build = fileURLToPath(new URL("../../", import.meta.url));

/** What package.json's imports mean in a page. */
function importMap(path: string): string {
  const folder = path.replace(/page\.html$/, "");
  const { imports } = JSON.parse(readFileSync(join(build, "../package.json"), "utf8"));
  const entries = Object.entries<{ browser: string }>(imports);
  const urls = entries.map(([name, { browser }]) => [name, browser.replace(/^\.\/build\//, folder)]);
  return JSON.stringify({ imports: Object.fromEntries(urls) });
}

/** Serves `build/`; below `/isolated/` with the headers that let pages share memory. */
export function serve(): Promise<{ origin: string; server: Server }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const isolated = path.startsWith("/isolated/");
    const headers: Record<string, string> = isolated
      ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
      : {};
    const inner = normalize(path.replace(/^\/(isolated|plain)\//, ""));
    if (inner === "page.html") {
      response.writeHead(200, { ...headers, "Content-Type": "text/html" });
      response.end(
        `<!doctype html><title>convoyant</title><script type="importmap">${importMap(path)}</script>`,
      );
      return;
    }
    const file = join(build, inner);
    if (!file.startsWith(build) || !existsSync(file)) {
      response.writeHead(404, headers);
      response.end();
      return;
    }
    response.writeHead(200, {
      ...headers,
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    });
    response.end(readFileSync(file));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }),
    );
  });
}
