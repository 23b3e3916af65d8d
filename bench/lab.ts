/**
 * `node build/bench/lab.js [start] [tasks] [band] [memory] [--kind isolated|plain] [--seconds 8] [--minutes 30] [--full]
 * [--threads N]`: how the Lab's page does in Chromium, on both kinds of page, after `npm run lab:build`:
 *
 * - `start`: from the page's load to the first training step, Start being pressed as soon as it is there (five pages);
 * - `tasks`: frames a second and long tasks of the main thread while LeNet trains, with each panel open. The trace tells the
 *   time that a task took and the processor time that it had: on a busy machine the first holds what others did;
 * - `band`: how long the chapter's LeNet takes until its test accuracy is in the book's band (`--full`: on all 60,000 images,
 *   for which the Lab is built with `--all`);
 * - `memory`: what page and worker hold while it trains, each minute.
 *
 * Not a test: it prints, and decides nothing.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { bookBand } from "../src/records/book_band.ts";
import { launch, serve } from "../test/browser/chromium.ts";

const KINDS = ["isolated", "plain"] as const;
type Kind = (typeof KINDS)[number];
const PARTS = ["start", "tasks", "band", "memory"] as const;
type Part = (typeof PARTS)[number];

/** A task of the main thread is long from here, in milliseconds. */
const LONG = 50;
/** What the book's runs of LeNet gave. */
const BAND = bookBand("lenet")!;
/** A training that has not ended by then is given up. */
const MOST_SECONDS = 500;
const STARTS = 5;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: "string" },
    seconds: { type: "string", default: "8" },
    minutes: { type: "string", default: "30" },
    threads: { type: "string" },
    full: { type: "boolean", default: false },
  },
});

const load = () => `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} processors`;
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Runs in the page before anything else: presses Start as soon as it is there, and notes when a step is shown. */
function watchStart(): void {
  const times: Record<string, number> = {};
  (window as any).labTimes = times;
  addEventListener("load", () => {
    times["load"] = performance.now();
  });
  const look = () => {
    const button = document.querySelector<HTMLButtonElement>(".transport .play");
    if (button !== null && times["start"] === undefined) {
      times["start"] = performance.now();
      button.click();
    }
    if (document.querySelector(".transport dl.facts") !== null) times["step"] ??= performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function measureStart(browser: Browser, origin: string, kind: Kind): Promise<void> {
  const found: Record<string, number>[] = [];
  for (let i = 0; i < STARTS; i++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    // A loaded machine draws few frames.
    page.setDefaultTimeout(180_000);
    await page.addInitScript(watchStart);
    await page.goto(`${origin}/${kind}/index.html`);
    await page.waitForFunction(() => (window as any).labTimes.step !== undefined);
    found.push(await page.evaluate(() => (window as any).labTimes));
    await context.close();
  }
  const since = found.map(({ load, step }) => step - load);
  const whole = found.map(({ step }) => step);
  const shown = found.map(({ start }) => start);
  const text = (list: readonly number[]) =>
    `${median(list).toFixed(0)} ms (${Math.min(...list).toFixed(0)} to ${Math.max(...list).toFixed(0)})`;
  console.log(
    `${kind}: page shown after ${text(shown)}, first step after ${text(whole)}, ${text(since)} after its load event; ${load()}`,
  );
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: Record<string, any>;
}

/** Tasks of the page's main thread: how long each took, and the processor time that it had, in milliseconds. */
function tasksOf(trace: Buffer): { readonly took: number; readonly worked: number }[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.["name"] === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents
    .filter(({ name, ph, pid, tid }) => name.endsWith("RunTask") && ph === "X" && mains.has(`${pid} ${tid}`))
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  // The trace has a task twice, once for each of two categories: what lies within another one is that one.
  let end = 0;
  const outer = tasks.filter(({ ts, dur = 0 }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
  return outer.map(({ dur = 0, tdur = 0 }) => ({ took: dur / 1000, worked: tdur / 1000 }));
}

/** Frames a second for so long. */
const frames = (page: Page, seconds: number): Promise<number> =>
  page.evaluate(
    (milliseconds) =>
      new Promise<number>((resolve) => {
        const from = performance.now();
        let count = 0;
        const next = () => {
          const at = performance.now() - from;
          if (at >= milliseconds) resolve((1000 * count) / at);
          else {
            count++;
            requestAnimationFrame(next);
          }
        };
        requestAnimationFrame(next);
      }),
    1000 * seconds,
  );

async function open(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  const page = await context.newPage();
  if (options.threads !== undefined)
    await page.addInitScript(
      (count) => Object.defineProperty(navigator, "hardwareConcurrency", { get: () => count }),
      Number(options.threads),
    );
  await page.goto(address);
  await page.getByText("Not trained yet.").waitFor({ timeout: 60_000 });
  return page;
}

const STEPS = ["data", "network", "train", "trial", "home"] as const;
const PANELS = ["activations", "filters", "confusion", "gradients"] as const;

/** Opens the training, and has it not end while it is measured. */
async function trainLong(page: Page): Promise<void> {
  await page.locator(".steps button").nth(STEPS.indexOf("train")).click();
  const epochs = page.getByLabel("Epochs", { exact: true });
  await epochs.fill("1000");
  await epochs.press("Enter");
}

async function measureTasks(browser: Browser, origin: string, kind: Kind): Promise<void> {
  const page = await open(browser, `${origin}/${kind}/index.html`);
  const go = (step: (typeof STEPS)[number]) => page.locator(".steps button").nth(STEPS.indexOf(step)).click();
  const seconds = Number(options.seconds);
  const measured = async (name: string, work: () => Promise<void>) => {
    await browser.startTracing(page, {
      categories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline"],
    });
    await work();
    const rate = await frames(page, seconds);
    const tasks = tasksOf(await browser.stopTracing());
    const most = (key: "took" | "worked") => Math.max(0, ...tasks.map((task) => task[key])).toFixed(0);
    const long = (key: "took" | "worked") => tasks.filter((task) => task[key] >= LONG).length;
    const worked = tasks.reduce((sum, task) => sum + task.worked, 0) / (10 * seconds);
    console.log(
      `${kind}, ${name}: ${rate.toFixed(0)} frames a second; tasks of ${LONG} ms or more: ${long("took")} (longest ${most("took")} ms), ` +
        `by processor time ${long("worked")} (longest ${most("worked")} ms); main thread busy ${worked.toFixed(0)} %; ${load()}`,
    );
  };
  await trainLong(page);
  await go("data");
  await measured("train pressed, data shown", () => page.locator(".transport .play").click());
  await measured("training opened, feature maps", () => go("train"));
  for (const panel of PANELS.slice(1))
    await measured(panel, () => page.locator(`[data-tab=${panel}]`).click());
  await measured("network", () => go("network"));
  await measured("try it", () => go("trial"));
  await measured("take home", () => go("home"));
  const bar = await page.locator(".transport").innerText();
  console.log(`${kind}: at the end the bar says ${bar.replace(/\s+/g, " ")}`);
  await page.context().close();
}

/** The chapter's LeNet, ready-made: when its test accuracy came into the band, and what it is after the book's epochs. */
async function measureBand(browser: Browser, origin: string, kind: Kind): Promise<void> {
  const page = await open(browser, `${origin}/${kind}/index.html`);
  await page.locator(".tools button").first().click();
  await page.getByRole("button", { name: /^LeNet/ }).click();
  const step = page.locator(".transport dl.facts");
  await step.waitFor();
  if (options.full) {
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator(".steps button").first().click();
    await page.locator("input[value=full]").check();
    await step.waitFor({ state: "detached" });
    await page.getByText("Not trained yet.").waitFor({ timeout: 60_000 });
    await page.locator(".transport .play").click();
    await step.waitFor();
  }
  const engine = await page.locator(".engine").innerText();
  const from = performance.now();
  const worked = renderer().worked;
  const { testAccuracy, epochs } = BAND;
  const most = options.full ? epochs : Number.POSITIVE_INFINITY;
  let reached = "not reached";
  for (;;) {
    await page.waitForTimeout(200);
    const text = (await page.locator(".transport").innerText()).replace(/\s+/g, " ");
    const seconds = (performance.now() - from) / 1000;
    const accuracy = Number(/Test accuracy ([\d.]+) %/.exec(text)?.[1] ?? 0) / 100;
    const [, epoch, of] = /Epoch ([\d.]+) \/ (\d+)/.exec(text) ?? ["", "0", "1"];
    if (accuracy >= testAccuracy.low && reached === "not reached")
      reached = `${accuracy.toFixed(3)} after ${seconds.toFixed(1)} s, epoch ${Math.floor(Number(epoch))}`;
    if (Number(epoch) < Math.min(most, Number(of)) && seconds < MOST_SECONDS) continue;
    console.log(
      `${kind}, ${engine}, ${options.full ? "all of Fashion-MNIST" : "the subset"}: test accuracy of the band ` +
        `(${testAccuracy.low} to ${testAccuracy.high}) ${reached}; at last after ${seconds.toFixed(1)} s, in which the page and its workers had ` +
        `${(renderer().worked - worked).toFixed(1)} s of processor time: ${text}; ${load()}`,
    );
    break;
  }
  await page.context().close();
}

/** Heaps and buffers of page and workers while it trains. */
async function measureMemory(browser: Browser, origin: string, kind: Kind): Promise<void> {
  const page = await open(browser, `${origin}/${kind}/index.html`);
  await trainLong(page);
  await page.locator(".transport .play").click();
  const session = await page.context().newCDPSession(page);
  for (let minute = 0; minute <= Number(options.minutes); minute++) {
    if (minute > 0) await page.waitForTimeout(60_000);
    const tab = PANELS[minute % PANELS.length];
    await page.locator(`[data-tab=${tab}]`).click();
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const parts = await page
      .evaluate(async () => {
        const measure = (performance as any).measureUserAgentSpecificMemory;
        if (measure === undefined || !crossOriginIsolated) return null;
        const { bytes, breakdown } = await measure.call(performance);
        const workers = breakdown
          .filter(({ attribution }: any) => attribution.some(({ scope }: any) => scope !== "Window"))
          .reduce((sum: number, one: any) => sum + one.bytes, 0);
        return { bytes, workers };
      })
      .catch(() => null);
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    const bar = (await page.locator(".transport").innerText()).replace(/\s+/g, " ");
    console.log(
      `${kind}, minute ${minute}: page ${mb(usedSize)} of heap, ${nodes} elements` +
        (parts === null ? "" : `, all ${mb(parts.bytes)}, of which workers ${mb(parts.workers)}`) +
        `; the renderer ${mb(renderer().resident)} resident; ${bar}; ${load()}`,
    );
  }
  await page.context().close();
}

/** The page's process, the largest renderer of this program: resident bytes, and seconds of processor time; on Linux. */
function renderer(): { readonly resident: number; readonly worked: number } {
  if (!existsSync("/proc/self")) return { resident: Number.NaN, worked: Number.NaN };
  const read = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "latin1");
    } catch {
      // The process has ended meanwhile.
      return "";
    }
  };
  const parentOf = (pid: string) => /^PPid:\s*(\d+)/m.exec(read(pid, "status"))?.[1] ?? "0";
  const isMine = (pid: string): boolean =>
    pid === String(process.pid) || (Number(pid) > 1 && isMine(parentOf(pid)));
  const found = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && /--type=renderer/.test(read(pid, "cmdline")) && isMine(pid))
    .map((pid) => {
      // After the name in brackets: the 14th and 15th fields are ticks of 10 ms.
      const fields = read(pid, "stat")
        .replace(/^.*\) /s, "")
        .split(" ");
      const resident = 1024 * Number(/^VmRSS:\s*(\d+)/m.exec(read(pid, "status"))?.[1] ?? 0);
      return { resident, worked: (Number(fields[11]) + Number(fields[12])) / 100 };
    });
  return found.sort((a, b) => b.resident - a.resident)[0] ?? { resident: Number.NaN, worked: Number.NaN };
}

const MEASURES: Readonly<Record<Part, (browser: Browser, origin: string, kind: Kind) => Promise<void>>> = {
  start: measureStart,
  tasks: measureTasks,
  band: measureBand,
  memory: measureMemory,
};

const folder = fileURLToPath(new URL("../lab/", import.meta.url));
readFileSync(`${folder}index.html`);
const { origin, server }: { origin: string; server: Server } = await serve({ folder });
const browser = await launch();
try {
  const parts = positionals.length === 0 ? (["start", "tasks"] as const) : (positionals as Part[]);
  for (const part of parts)
    for (const kind of KINDS)
      if (options.kind === undefined || options.kind === kind) await MEASURES[part](browser, origin, kind);
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
