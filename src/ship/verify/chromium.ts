/** Chromium, if there is one: it opens a page without a window until that has answered. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import type { ShippedFiles } from "../shipment_folder.ts";
import { type PageAnswer, servePage } from "./page_server.ts";
import type { Answers, Watch } from "./verification.ts";

/** First the one that has no windows, and so is the fastest to open a page. */
const NAMES = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];
const MAC = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The browser's path: CONVOYANT_CHROMIUM, or what is found on the PATH; null for none. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const named = env.CONVOYANT_CHROMIUM;
  if (named !== undefined && named !== "") return isExecutable(named) ? named : null;
  const folders = (env.PATH ?? "").split(delimiter).filter(isAbsolute);
  const places = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...MAC];
  return places.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How long a page may take to start, and for an image. */
const START_MS = 90_000;
const IMAGE_MS = 20_000;

/**
 * Opens `driver`, one of the files, in the browser, and gives the probabilities that it posts.
 *
 * @param images - how many answers are expected.
 */
export async function answersOfPage(
  browser: string,
  files: ShippedFiles,
  driver: string,
  images: number,
  watch: Watch,
): Promise<Answers> {
  const token = randomBytes(16).toString("hex");
  const server = await servePage(files, token, (done) => watch(done, images));
  const profile = mkdtempSync(join(tmpdir(), "convoyant-chromium-"));
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    child = start(browser, profile, `${server.origin}/${driver}`);
    const failed = new Promise<{ problem: string }>((resolve) => {
      child?.on("error", (error) =>
        resolve({ problem: `${browser} could not be started: ${error.message}` }),
      );
      child?.on("exit", (code) => resolve({ problem: `${browser} ended with code ${code}` }));
      timer = setTimeout(
        () => resolve({ problem: "the page did not answer in time" }),
        START_MS + images * IMAGE_MS,
      );
    });
    const found = await Promise.race([server.answers, failed]);
    if (!Array.isArray(found)) return { skipped: found.problem };
    watch(images, images);
    return rowsOf(found);
  } finally {
    clearTimeout(timer);
    server.close();
    if (child !== undefined) await end(child);
    // The browser's children may still write for a moment.
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

function start(browser: string, profile: string, url: string): ChildProcess {
  // The browser refuses to sandbox root's pages; those here are ours, from loopback.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const quiet = [
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return spawn(
    browser,
    ["--headless=new", "--disable-gpu", ...sandbox, ...quiet, `--user-data-dir=${profile}`, url],
    { stdio: "ignore", windowsHide: true, env: { ...process.env, HOME: profile } },
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}

function rowsOf(answers: readonly PageAnswer[]): Answers {
  const rows: number[][] = [];
  for (const answer of answers) {
    if ("problem" in answer) return { skipped: `the page failed: ${answer.problem}` };
    rows.push(answer.probabilities);
  }
  return { rows };
}
