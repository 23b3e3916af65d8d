// What the JavaScript programs of this folder share: options, loading a baseline, timed windows, the line printed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const shared = { batch: 0, threads: availableParallelism(), windows: 5, seconds: 1, "max-seconds": 60 };

/** The command line: --batch, --threads, --windows, --seconds, --max-seconds, and those given with a default. */
export function options(more = {}) {
  const defaults = { ...shared, ...more };
  const spec = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: "string" }]));
  const { values } = parseArgs({ options: spec });
  const typed = (name, value) => (typeof defaults[name] === "number" ? Number(value) : value);
  return {
    ...defaults,
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typed(name, value)])),
  };
}

/** The folder that the baselines are installed in (see bench/README.md). */
export const baselinesFolder =
  process.env.CONVOYANT_BASELINES ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "convoyant", "baselines");

const require = createRequire(join(baselinesFolder, "package.json"));

/** Loads a package of the baselines' folder. */
export const load = (name) => require(name);

/** The folder of an installed package, and its version. */
export function installed(name) {
  const folder = join(baselinesFolder, "node_modules", name);
  return { folder, version: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version };
}

/** Seconds since this process was started. */
export const secondsSinceStart = () => performance.now() / 1000;

/** Calls of step() per second: one number for each timed window, after one untimed call. */
export async function rates(step, given) {
  const deadline = performance.now() + given["max-seconds"] * 1000;
  let started = performance.now();
  await step();
  const steps = Math.max(1, Math.round((given.seconds * 1000) / (performance.now() - started)));
  const found = [];
  while (found.length < given.windows && (found.length === 0 || performance.now() < deadline)) {
    started = performance.now();
    for (let i = 0; i < steps; i++) await step();
    found.push((steps * 1000) / (performance.now() - started));
  }
  return found;
}

/** Prints the median as one JSON line, with the number of windows and their spread. */
export function report(found, scale, key, line) {
  const sorted = [...found].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const rounded = (value) => Math.round(value * scale * 100) / 100;
  console.log(
    JSON.stringify({
      event: "bench",
      ...line,
      [key]: rounded(median),
      windows: sorted.length,
      lowest: rounded(sorted[0]),
      highest: rounded(sorted.at(-1)),
      rssMb: Math.round((process.resourceUsage().maxRSS * 1024) / 1e5) / 10,
    }),
  );
}
