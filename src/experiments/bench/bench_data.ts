/** How fast images are decoded and loaded, and whether training has to wait for them. */
import type { ListenedSignal } from "../../base/web_types.ts";
import { findSplits } from "../../data/folders/scan_folder.ts";
import { DataLoader, type ImageFiles, ImageFolder, transforms } from "../../data/index.ts";
import { fastestEngine } from "../../engines/select.ts";
import { decodeNamed, decoderVersion, type ImageDecoder } from "../../io/images/decode_image.ts";
import { readRegularFile } from "../../io/regular_file.ts";
import { create, entry } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import * as optim from "../../optim/index.ts";
import { renderTable, type TableOptions } from "../../report/terminal/table.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { crossEntropy, stopEngine, type Tensor, useEngine } from "../../tensor/index.ts";
import { processors } from "../../workers/processors.ts";
import type { SkipLine } from "./bench_lines.ts";
import { BENCH_DEFAULTS } from "./bench_settings.ts";

/** What `benchData` measures with. */
export interface BenchDataOptions {
  /** The network that is trained; images are cropped to its size. Default "resnet18". */
  readonly net?: string;
  /** Default: the fastest that works here. */
  readonly engine?: string;
  /** Of the engine. Default: as many as there are processors. */
  readonly threads?: number | null;
  /** Images in a batch. Default 32, or fewer if the folder has fewer. */
  readonly batchSize?: number;
  /** How many workers the loader has, one measurement for each. Default 0, 1, 2, 4, ... up to the processors. */
  readonly workers?: readonly number[];
  /** How long each measurement takes, in seconds. Default 3. */
  readonly seconds?: number;
  readonly signal?: ListenedSignal;
  readonly onNote?: (text: string) => void;
}

/** Decoding alone, one image after the other in one thread, files read beforehand. */
export interface DecodeLine {
  readonly event: "decode";
  /** "exact" or "sharp", with its version. */
  readonly decoder: string;
  readonly images: number;
  readonly imagesPerSecond: number;
  readonly megapixelsPerSecond: number;
}

/** The loader with a number of workers: alone, then under a training. */
export interface LoadLine {
  readonly event: "load";
  readonly workers: number;
  readonly batch: number;
  /** Of the loader alone: read, decoded, cropped, stacked. */
  readonly imagesPerSecond: number;
  readonly net: string;
  readonly engine: string;
  readonly threads: number;
  /** Of the training. */
  readonly examplesPerSecond: number;
  /** The share of the training's time in which the engine had nothing to do until the next batch came, 0 to 1. */
  readonly waitShare: number;
}

/** What `benchData` finds. */
export interface BenchDataResults {
  readonly decode: readonly DecodeLine[];
  readonly load: readonly LoadLine[];
  readonly skips: readonly SkipLine[];
}

/** Images that decoders are measured on: as many as fit into some tens of megabytes. */
const SAMPLE = 100;

const MAX_BYTES = 2 ** 28;

/**
 * Measures decoding, the loader by its number of workers, and how long training waits for it, on a folder of class folders
 * (its training part, if it has parts): what `convoyant bench data` does.
 *
 * @throws FileError for a folder that `data.ImageFolder` refuses; ArgumentError for an unknown name; the signal's reason
 *   when it is aborted.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { load } = await experiments.benchData("photos", { net: "mobilenet-v2", workers: [1, 2] });
 * load[0].waitShare;
 * ```
 */
export async function benchData(root: string, options: BenchDataOptions = {}): Promise<BenchDataResults> {
  const { net: name = "resnet18", engine = fastestEngine(), threads, signal, onNote } = options;
  const { seconds = BENCH_DEFAULTS.seconds } = options;
  const [channels, height, width] = entry(name).inputShape;
  const split = findSplits(root)[0]?.split ?? null;
  const { RandomHorizontalFlip, RandomResizedCrop, ToTensor } = transforms;
  const transform = transforms.Compose([
    RandomResizedCrop([height, width]),
    RandomHorizontalFlip(),
    ToTensor(),
  ]);
  const dataset = await ImageFolder(root, { split, transform, channels: channels === 1 ? 1 : 3 });
  const milliseconds = 1000 * seconds;
  const decode: DecodeLine[] = [];
  const skips: SkipLine[] = [];
  for (const decoder of ["exact", "sharp"] as const) {
    onNote?.(`decoding with ${decoder}`);
    const line = await measureDecoder(dataset, decoder, milliseconds, signal);
    "reason" in line ? skips.push(line) : decode.push(line);
  }
  await useEngine(engine, threads == null ? {} : { threads });
  try {
    const batch = Math.min(options.batchSize ?? 32, dataset.length);
    const net = create(name, { numClasses: dataset.classes.length });
    const load: LoadLine[] = [];
    for (const workers of options.workers ?? workerCounts()) {
      onNote?.(`loading with ${workers === 1 ? "1 worker" : `${workers} workers`}`);
      const loader = DataLoader(dataset, {
        batchSize: batch,
        shuffle: true,
        dropLast: true,
        numWorkers: workers,
        seed: 0,
      });
      const imagesPerSecond = await loadRate(loader, milliseconds, signal);
      const training = await trainRate(net, loader, milliseconds, signal);
      await loader.close();
      const by = { net: name, engine: defaultSession().engine.name, threads: defaultSession().threads };
      load.push({ event: "load", workers, batch, imagesPerSecond, ...by, ...training });
    }
    return { decode, load, skips };
  } finally {
    await stopEngine();
  }
}

/** 0, 1, 2, 4, ... up to the processors. */
function workerCounts(): number[] {
  const counts = [0];
  for (let count = 1; count <= processors(); count *= 2) counts.push(count);
  return counts;
}

async function measureDecoder(
  dataset: ImageFiles,
  decoder: ImageDecoder,
  milliseconds: number,
  signal: ListenedSignal | undefined,
): Promise<DecodeLine | SkipLine> {
  let version: string;
  try {
    version = decoderVersion(decoder);
  } catch (error) {
    return { event: "skip", library: decoder, engine: "", reason: (error as Error).message, absent: true };
  }
  const paths = dataset.samples.map(([path]) => path);
  const step = Math.max(1, Math.floor(paths.length / SAMPLE));
  const sample = paths.filter((_, i) => i % step === 0).slice(0, SAMPLE);
  const files = await Promise.all(sample.map((path) => readRegularFile(path, MAX_BYTES)));
  const decodeOne = async (i: number) => {
    signal?.throwIfAborted();
    const { width, height } = await decodeNamed("benchData", files[i], sample[i], { channels: 3, decoder });
    return width * height;
  };
  // The first loads the decoder.
  await decodeOne(0);
  let images = 0;
  let pixels = 0;
  const started = performance.now();
  while (images === 0 || performance.now() - started < milliseconds)
    pixels += await decodeOne(images++ % files.length);
  const took = (performance.now() - started) / 1000;
  const rates = { imagesPerSecond: images / took, megapixelsPerSecond: pixels / 1e6 / took };
  return { event: "decode", decoder: version, images: Math.min(images, files.length), ...rates };
}

/** Batches without end: one epoch after the other. */
async function* endless(loader: DataLoader): AsyncGenerator<readonly [Tensor, Tensor]> {
  for (;;) yield* loader;
}

async function loadRate(
  loader: DataLoader,
  milliseconds: number,
  signal: ListenedSignal | undefined,
): Promise<number> {
  const batches = endless(loader);
  // The first starts the workers.
  await batches.next();
  const started = performance.now();
  let count = 0;
  while (count === 0 || performance.now() - started < milliseconds) {
    signal?.throwIfAborted();
    await batches.next();
    count++;
  }
  const took = performance.now() - started;
  await batches.return(undefined);
  return (1000 * count * loader.batchSize) / took;
}

/** Trains, and adds up how long nothing was left to compute before the next batch was there. */
async function trainRate(
  net: Module,
  loader: DataLoader,
  milliseconds: number,
  signal: ListenedSignal | undefined,
): Promise<Pick<LoadLine, "examplesPerSecond" | "waitShare">> {
  const optimizer = optim.SGD(net.parameters(), { lr: 0.01 });
  const batches = endless(loader);
  const session = defaultSession();
  const step = ([x, y]: readonly [Tensor, Tensor]) => {
    const loss = crossEntropy(net(x) as Tensor, y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  };
  // The first two build the program and put state where it stays.
  for (let i = 0; i < 2; i++) step((await batches.next()).value);
  await session.finish();
  const started = performance.now();
  let [steps, waited, doneAt] = [0, 0, started];
  let now = started;
  while (steps === 0 || now - started < milliseconds) {
    signal?.throwIfAborted();
    const batch = (await batches.next()).value;
    now = performance.now();
    waited += Math.max(0, now - doneAt);
    step(batch);
    steps++;
    doneAt = Number.POSITIVE_INFINITY;
    const mine = steps;
    void session.finish().then(() => {
      if (mine === steps) doneAt = performance.now();
    });
    await session.backpressure(1);
    now = performance.now();
  }
  await session.finish();
  const took = performance.now() - started;
  await batches.return(undefined);
  return { examplesPerSecond: (1000 * steps * loader.batchSize) / took, waitShare: waited / took };
}

/** For people: a table of decoders, and one of the loader's workers. */
export function formatBenchData({ decode, load, skips }: BenchDataResults, options: TableOptions): string[] {
  const right = (title: string) => ({ title, align: "right" as const });
  const rate = (value: number) => value.toFixed(value < 1000 ? 1 : 0);
  const decoders = renderTable(
    [{ title: "decoder" }, right("images/s"), right("megapixels/s")],
    decode.map((line) => [line.decoder, rate(line.imagesPerSecond), rate(line.megapixelsPerSecond)]),
    options,
  );
  const loaders = renderTable(
    [
      right("workers"),
      right("loader images/s"),
      { title: "network" },
      { title: "engine" },
      right("trained images/s"),
      right("waiting"),
    ],
    load.map((line) => [
      String(line.workers),
      rate(line.imagesPerSecond),
      line.net,
      `${line.engine}, ${line.threads} ${line.threads === 1 ? "thread" : "threads"}`,
      rate(line.examplesPerSecond),
      `${(100 * line.waitShare).toFixed(1)}%`,
    ]),
    options,
  );
  const left = skips.map(({ library, reason }) => `left out: ${library}: ${reason}`);
  return [...decoders, ...left, "", ...loaders];
}
