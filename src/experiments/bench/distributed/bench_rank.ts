/**
 * Measures one rank's training in a process of its own, and prints one bench line on rank 0:
 * `mpirun -n 2 node bench_rank.js --net lenet --engine wasm --threads 1 --reduce tree --windows 5 --seconds 1`. With
 * `--reduce alone` no world is joined: a process as every other.
 */
import { parseArgs } from "node:util";
import { allReduce, init } from "../../../distributed/index.ts";
import { create, entry } from "../../../models/index.ts";
import { allReduce as reducedValue } from "../../../ops/collective.ts";
import * as optim from "../../../optim/index.ts";
import { defaultSession, type ProfiledRun } from "../../../runtime/runtime.ts";
import {
  fromTypedArray,
  full,
  profile,
  stopEngine,
  Tensor,
  tensor,
  useEngine,
} from "../../../tensor/index.ts";
import { fit } from "../../../train/loop/fit.ts";
import type { Loader } from "../../../train/loop/fit_options.ts";
import type { Summation } from "../../../workers/collective_channel.ts";
import { isWait } from "../../profile/rank_trace.ts";
import { median } from "../bench_lines.ts";
import type { RankLine, TransferPoint } from "./rank_lines.ts";

const { values } = parseArgs({
  options: {
    net: { type: "string", default: "lenet" },
    engine: { type: "string", default: "wasm" },
    threads: { type: "string", default: "1" },
    batch: { type: "string" },
    reduce: { type: "string", default: "alone" },
    // What the measurement is called, if not by how gradients are added.
    task: { type: "string" },
    compress: { type: "string" },
    windows: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
  },
});

// Until then V8 compiles the JavaScript of steps, in each rank, on the same processors: of short steps some hundreds, of
// long ones the first few.
const WARM_UP_STEPS = 800;
const [LEAST_WARM_UP, MOST_WARM_UP] = [4, 12];
/** Seconds: of shorter steps, more are timed. */
const SHORT_STEP = 0.1;
/** Of longer ones, the first two are all that is not timed, and there are as few windows as fill the time. */
const LONG_STEP = 1;

const shared = values.reduce !== "alone";
const threads = Number(values.threads);
const { rank, worldSize } = shared
  ? await init({
      reduce: values.reduce as Summation,
      compress: (values.compress ?? null) as "bfloat16" | null,
      timeout: 120,
    })
  : { rank: 0, worldSize: 1 };
await useEngine(values.engine, { threads });
const line = await measure();
if (rank === 0) process.stdout.write(`${JSON.stringify(line)}\n`);
await stopEngine();

async function measure(): Promise<RankLine> {
  const { inputShape, presets } = entry(values.net);
  const [channels, side] = inputShape;
  const batch = values.batch === undefined ? presets.zh.batchSize : Number(values.batch);
  const net = create(values.net, { edition: "zh" });
  const optimizer = optim.SGD(net.parameters(), { lr: 1e-3 });
  const pixels = Float32Array.from(
    { length: batch * channels * side ** 2 },
    (_, i) => ((i * 2654435761) % 256) / 255,
  );
  const labels = Float64Array.from({ length: batch }, (_, i) => i % 10);
  const x = fromTypedArray(pixels, [batch, channels, side, side], "float32");
  const y = fromTypedArray(labels, [batch], "int64");
  /** As a DataLoader, it knows how many batches there will be. */
  const loaderOf = (steps: number): Loader => ({
    ...{ length: steps, batchSize: batch, examples: steps * batch },
    batchAt: (example) => Math.floor(example / batch),
    async *iterate() {
      for (let i = 0; i < steps; i++) yield [x, y];
    },
  });
  const [someParameter] = net.parameters();
  /**
   * Trains for some steps; the times at the ends of those for which `isRead` is true. The weights are read there: a step
   * is told when it has been sent to the engine, and how many are under way depends on how ranks agree.
   */
  const train = async (steps: number, isRead = (_step: number) => false) => {
    const ends: number[] = [];
    const processorTimes: number[] = [];
    let step = 0;
    const onStep = async () => {
      if (!isRead(++step)) return;
      await someParameter.data();
      ends.push(performance.now());
      processorTimes.push(processorTime());
    };
    const trainLoader = loaderOf(steps);
    const callbacks = { onStep };
    await fit(net, { trainLoader, optimizer, epochs: 1, pointsPerEpoch: 1, progress: false, callbacks });
    return { ends, processorTimes };
  };
  // The first steps build programs; the next tell how many fit into a window, on the slowest rank.
  await train(1);
  const firstStepSeconds = performance.now() / 1000;
  const timed = async (steps: number): Promise<number> => {
    const start = performance.now();
    await train(steps);
    return (await ofAll((performance.now() - start) / steps, "max")) / 1000;
  };
  let slowest = await timed(1);
  const isLong = slowest > LONG_STEP;
  if (!isLong) slowest = await timed(3);
  if (slowest <= SHORT_STEP) slowest = await timed(Math.ceil(SHORT_STEP / slowest) * 10);
  const steps = Math.max(1, Math.round(Number(values.seconds) / slowest));
  const wanted = Number(values.windows);
  const fitting = Math.ceil((wanted * Number(values.seconds)) / slowest);
  const windows = isLong ? Math.min(wanted, Math.max(2, fitting)) : wanted;
  const most = Math.min(WARM_UP_STEPS * slowest, MOST_WARM_UP);
  if (!isLong) await train(Math.max(1, Math.ceil(Math.max(LEAST_WARM_UP, most) / slowest) - 4));
  // The first two steps of a training are recorded to be sent again, and the third is sent while nothing is under way.
  const lead = 3;
  const isEnd = (step: number) => step >= lead && (step - lead) % steps === 0;
  const { ends, processorTimes } = await train(lead + steps * windows, isEnd);
  const rates = Array.from({ length: windows }, (_, i) => (1000 * steps * batch) / (ends[i + 1] - ends[i]));
  const processorSeconds = await ofAll((processorTimes[windows] - processorTimes[0]) / 1e6, "sum");
  const runs = shared && worldSize > 1 ? await profile(() => train(isLong ? 1 : 3)) : [];
  const points = shared && worldSize > 1 ? await transfers() : [];
  const bytesEach = values.compress === undefined ? 4 : 2;
  return {
    event: "bench",
    library: "convoyant",
    engine: values.engine,
    net: values.net,
    task: values.task ?? values.reduce,
    precision: "f32",
    batch,
    threads,
    ranks: worldSize,
    examplesPerSecond: median(rates),
    processorMs: (1000 * processorSeconds) / (steps * windows * batch),
    windows,
    lowest: Math.min(...rates),
    highest: Math.max(...rates),
    firstStepSeconds,
    rssMb: process.resourceUsage().maxRSS / 1000,
    exposed: runs.length === 0 ? 0 : exposedIn(runs),
    bytes: [...net.parameters()].reduce((sum, parameter) => sum + bytesEach * parameter.numel(), 0),
    transfers: points,
  };
}

/** The largest of the ranks' numbers, or their sum. */
async function ofAll(own: number, how: "max" | "sum"): Promise<number> {
  if (!shared) return own;
  return (await (await allReduce(tensor([own]), how)).tolist())[0] as number;
}

/** What this process has used of the processors, all its threads together, in microseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The share of the time of all steps in which sums over ranks are waited for. */
function exposedIn(runs: readonly ProfiledRun[]): number {
  let [waited, all] = [0, 0];
  for (const { program, timings } of runs) {
    for (const { step, milliseconds } of timings) {
      all += milliseconds;
      if (isWait(program.steps[step].op)) waited += milliseconds;
    }
  }
  return all === 0 ? 0 : waited / all;
}

/** What a sum over the ranks takes, by its bytes. */
async function transfers(): Promise<TransferPoint[]> {
  const points: TransferPoint[] = [];
  for (const bytes of [64e3, 1e6, 8e6]) {
    const value = await full([bytes / 4], 1).realize();
    const sum = () => new Tensor(reducedValue(value.value, values.reduce as Summation));
    await sum().realize();
    const times: number[] = [];
    for (let i = 0; i < 7; i++) {
      const began = performance.now();
      await sum().realize();
      times.push((performance.now() - began) / 1000);
    }
    await defaultSession().finish();
    points.push({ bytes, seconds: await ofAll(median(times), "max") });
  }
  return points;
}
