/** Classic pipelines beside scikit-learn and OpenCV: training times and their ratios. Node only. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import type { ListenedSignal } from "../../base/web_types.ts";
import { sift } from "../../classic/index.ts";
import { openDataset } from "../../data/open_dataset.ts";
import type { Image } from "../../records/image.ts";
import { renderTable, type TableOptions } from "../../report/terminal/table.ts";
import { lastWords, runBaseline } from "./baseline_process.ts";
import { baselinePlaces } from "./baselines.ts";
import { BENCH_DEFAULTS } from "./bench_settings.ts";

/** What is measured, and against what. */
interface ClassicTask {
  readonly name: string;
  readonly against: ClassicBaseline;
  readonly features: string;
  readonly classifier: string;
  /** Training images. */
  readonly images: number;
}

/** The libraries that classic pipelines can be measured against. */
export const classicBaselines = ["sklearn", "opencv"] as const;
export type ClassicBaseline = (typeof classicBaselines)[number];

const TASKS: readonly ClassicTask[] = [
  { name: "rbf-svm", against: "sklearn", features: "pixels", classifier: "rbf-svm", images: 10_000 },
  { name: "hog-linear-svm", against: "sklearn", features: "hog", classifier: "linear-svm", images: 60_000 },
];

/** One task in one library. */
export interface ClassicBenchLine {
  readonly event: "bench";
  readonly task: string;
  readonly library: string;
  readonly version?: string;
  readonly images: number;
  /** By the clock. */
  readonly seconds: number;
  /** Of all threads together: what another program on the machine changes least. */
  readonly processorSeconds: number;
}

/** How a task compares. */
export interface ClassicRatioLine {
  readonly event: "ratio";
  readonly task: string;
  readonly against: string;
  /** The other library's time divided by ours. */
  readonly ratio: number;
  readonly processorRatio: number;
}

export interface ClassicBenchResults {
  readonly lines: readonly ClassicBenchLine[];
  readonly skips: readonly {
    readonly event: "skipped";
    readonly task: string;
    readonly library: string;
    readonly reason: string;
  }[];
  readonly ratios: readonly ClassicRatioLine[];
}

export interface BenchClassicOptions {
  /** Other libraries. Default none. */
  readonly against?: readonly string[];
  /** Of the SIFT measurement. Default 3. */
  readonly seconds?: number;
  /** Divides the training images, to try things out. */
  readonly divide?: number;
  readonly signal?: ListenedSignal;
  readonly onNote?: (text: string) => void;
}

/** @throws ArgumentError for a library that is not known; Error if our own program fails. */
export async function benchClassic(options: BenchClassicOptions): Promise<ClassicBenchResults> {
  const { against = BENCH_DEFAULTS.against, onNote, divide = 1 } = options;
  for (const name of against) {
    if ((classicBaselines as readonly string[]).includes(name)) continue;
    throw new ArgumentError(
      `bench classic: expected --against ${classicBaselines.join(" or ")}, got ${name}`,
    );
  }
  const lines: ClassicBenchLine[] = [];
  const skips: { event: "skipped"; task: string; library: string; reason: string }[] = [];
  const { folder } = await openDataset("fashion-mnist", { train: true });
  await openDataset("fashion-mnist", { train: false });
  for (const task of TASKS) {
    const images = Math.round(task.images / divide);
    onNote?.(`${task.name}, ${images} images: convoyant`);
    lines.push(await ours({ ...task, images }, options));
    if (!against.includes(task.against)) continue;
    onNote?.(`${task.name}, ${images} images: ${task.against}`);
    const found = await theirs("sklearn_classic.py", [task.name, folder, String(images)], options);
    if (typeof found === "string")
      skips.push({ event: "skipped", task: task.name, library: task.against, reason: found });
    else lines.push({ event: "bench", task: task.name, library: task.against, images, ...found });
  }
  if (against.includes("opencv")) await benchSift(options, lines, skips);
  return { lines, skips, ratios: ratiosOf(lines) };
}

interface Measured {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly version?: string;
}

/** Our own command in a process of its own. */
async function ours(
  { name, features, classifier, images }: ClassicTask,
  { signal }: BenchClassicOptions,
): Promise<ClassicBenchLine> {
  const command = fileURLToPath(new URL("bin/convoyant.mjs", import.meta.resolve("convoyant/package.json")));
  const folder = mkdtempSync(join(tmpdir(), "convoyant-bench-"));
  let end: Record<string, unknown> | null = null;
  try {
    const args = [
      "classic",
      "--features",
      features,
      "--classifier",
      classifier,
      "--train-size",
      String(images),
    ];
    const { code, errors } = await runBaseline(
      { command: process.execPath, args: [command, ...args, "--out", join(folder, "run"), "--json"] },
      {
        signal,
        onLine: (line) => {
          const event = JSON.parse(line);
          if (event.event === "end") end = event;
        },
      },
    );
    if (code !== 0 || end === null) throw new Error(`convoyant classic failed: ${lastWords(errors)}`);
    const { trainSeconds, trainProcessorSeconds } = end as Record<string, number>;
    const times = { seconds: trainSeconds, processorSeconds: trainProcessorSeconds };
    return { event: "bench", task: name, library: "convoyant", images, ...times };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Another library's program; a sentence if it cannot run. */
async function theirs(
  program: string,
  args: readonly string[],
  { signal }: BenchClassicOptions,
): Promise<Measured | string> {
  const { python, programs } = baselinePlaces();
  const path = join(programs, program);
  if (!existsSync(path)) return "its program in bench/baselines is only in a clone of the repository";
  let found: Measured | null = null;
  try {
    const { code, errors } = await runBaseline(
      { command: python, args: [path, ...args] },
      {
        signal,
        onLine: (line) => {
          const { seconds, processorSeconds, version } = JSON.parse(line);
          found = { seconds, processorSeconds, version };
        },
      },
    );
    return (
      found ?? `it ended with code ${code}: ${lastWords(errors)} (bench/README.md says how to install it)`
    );
  } catch (error) {
    signal?.throwIfAborted();
    return (error as Error).message;
  }
}

const SIFT_SIDE = 512;

async function benchSift(
  options: BenchClassicOptions,
  lines: ClassicBenchLine[],
  skips: { event: "skipped"; task: string; library: string; reason: string }[],
): Promise<void> {
  const { seconds: enough = BENCH_DEFAULTS.seconds } = options;
  const image = blobs();
  const detector = sift();
  await detector.detect(image);
  options.onNote?.("sift of an image of 512 x 512 pixels: convoyant");
  const [began, used] = [performance.now(), process.cpuUsage()];
  let count = 0;
  for (; performance.now() - began < enough * 1000; count++) await detector.detect(image);
  const { user, system } = process.cpuUsage(used);
  const times = {
    seconds: (performance.now() - began) / 1000 / count,
    processorSeconds: (user + system) / 1e6 / count,
  };
  lines.push({ event: "bench", task: "sift", library: "convoyant", images: 1, ...times });
  options.onNote?.("sift of an image of 512 x 512 pixels: opencv");
  const folder = mkdtempSync(join(tmpdir(), "convoyant-bench-"));
  try {
    const file = join(folder, "image.bin");
    writeFileSync(file, image.data);
    const found = await theirs("opencv_sift.py", [file, String(SIFT_SIDE), String(enough)], options);
    if (typeof found === "string")
      skips.push({ event: "skipped", task: "sift", library: "opencv", reason: found });
    else lines.push({ event: "bench", task: "sift", library: "opencv", images: 1, ...found });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An image with structure at many scales: blobs of all sizes, darker and lighter than the ground. */
function blobs(): Image {
  const random = new PhiloxStream(1);
  const values = new Float32Array(SIFT_SIDE * SIFT_SIDE).fill(128);
  for (let i = 0; i < 600; i++) {
    const radius = 2 + 30 * random.uniform() ** 3;
    const [x, y] = [random.uniform() * SIFT_SIDE, random.uniform() * SIFT_SIDE];
    const level = (random.uniform() - 0.5) * 160;
    for (let v = Math.max(0, Math.floor(y - 3 * radius)); v < Math.min(SIFT_SIDE, y + 3 * radius); v++)
      for (let u = Math.max(0, Math.floor(x - 3 * radius)); u < Math.min(SIFT_SIDE, x + 3 * radius); u++)
        values[v * SIFT_SIDE + u] += level * Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * radius * radius));
  }
  return {
    width: SIFT_SIDE,
    height: SIFT_SIDE,
    channels: 1,
    data: Uint8Array.from(Uint8ClampedArray.from(values)),
  };
}

function ratiosOf(lines: readonly ClassicBenchLine[]): ClassicRatioLine[] {
  return lines
    .filter(({ library }) => library !== "convoyant")
    .flatMap(({ task, library, seconds, processorSeconds }) => {
      const own = lines.find((line) => line.task === task && line.library === "convoyant");
      if (own === undefined) return [];
      const ratio = seconds / own.seconds;
      const processorRatio = processorSeconds / own.processorSeconds;
      return [{ event: "ratio" as const, task, against: library, ratio, processorRatio }];
    });
}

/** Results as a table, what was left out, and how they compare. */
export function formatBenchClassic(
  { lines, skips, ratios }: ClassicBenchResults,
  options: TableOptions = {},
): string[] {
  const right = (title: string) => ({ title, align: "right" as const });
  const titles = ["images", "seconds", "processor seconds"];
  const columns = [{ title: "task" }, { title: "library" }, ...titles.map(right)];
  const rows = lines.map(({ task, library, images, seconds, processorSeconds }) => [
    task,
    library,
    ...[String(images), seconds.toPrecision(3), processorSeconds.toPrecision(3)],
  ]);
  return [
    ...renderTable(columns, rows, options),
    ...skips.map(({ task, library, reason }) => `${task}, ${library}: left out, ${reason}`),
    ...ratios.map(
      ({ task, against, ratio, processorRatio }) =>
        `${task}: ${ratio.toPrecision(3)} times as fast as ${against}, ${processorRatio.toPrecision(3)} times by processor time`,
    ),
  ];
}
