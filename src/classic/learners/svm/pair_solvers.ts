/** Who solves the pairs of classes of a training set: this thread on rows or blocks, or workers on blocks. */
import { fromTypedArray } from "../../../tensor/tensor.ts";
import { RequestWorkers } from "../../../workers/request_workers.ts";
import type { WorkerScript } from "../../../workers/worker_port.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import { held } from "../products.ts";
import type { Turns } from "../turns.ts";
import { BlockLayout, type BlockQuestion, type SentBlocks, solveBlocks } from "./block_layout.ts";
import { ClassBlocks, type HeldClass, isProduct } from "./class_blocks.ts";
import { RowCache } from "./kernel_rows.ts";
import { type Kernel, kernelDiagonal, offsetOf, type PreparedRows, prepareRows } from "./kernels.ts";
import { rowsOfPair } from "./pair_rows.ts";
import { type BinarySolution, type SmoSettings, solveSmo } from "./smo.ts";
import { roundedPlaces, SmoMemory } from "./smo_memory.ts";
import { svmKernels } from "./svm_kernels.ts";
import { MOST_BYTES, memoryOf, PAGE, sharesMemory } from "./svm_memory.ts";

/** Classes are filled up to a multiple of this, so that few shapes of products are compiled. */
const ROUNDED = 128;

const roundedRows = (rows: number): number => Math.ceil(rows / ROUNDED) * ROUNDED;

/** Rows that are computed together: enough for a fast product, few enough that most of them are used. */
const ROWS_AT_ONCE = 64;

/** Pairs that one thread has at the same time: while one waits for kernel values, the other takes steps. */
const AT_ONCE = 2;

const SCRIPT: WorkerScript = {
  url: () => new URL("./kernel_svm_worker.js", import.meta.url),
  source: () => import("#worker_sources/kernel_svm_worker"),
};

/** The examples of a pair of classes. */
export interface PairExamples {
  /** Places among all examples, those of the first class before those of the second; -1 for a place without an example. */
  readonly examples: Int32Array;
  /** 1 for the first class, -1 for the second, 0 for a place without one. */
  readonly signs: Int8Array;
  readonly diagonal: Float64Array;
}

/** Solves pairs one after the other. */
export interface PairSolver {
  solve(a: number, b: number): Promise<BinarySolution>;
}

/** How a training set is solved. */
export interface SolverSettings extends SmoSettings {
  /** Whom messages name. */
  readonly caller: string;
  /** For kernel values. */
  readonly bytes: number;
  /** How many workers may solve; 0 for this thread alone. */
  readonly workers: number;
  /** Of each solver. */
  readonly turns: () => Turns;
}

/** The examples of a training set, held by the engine class by class, so that each pair of classes finds its own. */
export class PairSolvers {
  /** Each works on its own; all of them at the same time. */
  readonly solvers: readonly PairSolver[];
  readonly #classes: TrainingClasses;
  readonly #pools: readonly Pool[];

  private constructor(classes: TrainingClasses, solvers: readonly PairSolver[], pools: readonly Pool[] = []) {
    this.solvers = solvers;
    this.#classes = classes;
    this.#pools = pools;
  }

  /** @param members - places of the examples of each class. */
  static async of(
    kernel: Kernel,
    x: Matrix,
    members: readonly Int32Array[],
    settings: SolverSettings,
  ): Promise<PairSolvers> {
    const prepare = () => TrainingClasses.of(kernel, x, members);
    if (!isProduct(kernel)) return PairSolvers.#onRows(await prepare(), settings);
    const sizes = members.map(({ length }) => roundedRows(length));
    const pairs = (sizes.length * (sizes.length - 1)) / 2;
    const shared = settings.workers > 0 && sharesMemory();
    const places = Math.min(pairs, AT_ONCE * (shared ? settings.workers : 1));
    const layout = new BlockLayout(sizes, places);
    if (layout.bytes > Math.min(settings.bytes, MOST_BYTES))
      return PairSolvers.#onRows(await prepare(), settings);
    const { caller, workers } = settings;
    const module = await svmKernels(shared);
    const memory = memoryOf(layout.bytes, shared, `${caller}: the kernel matrices`, "set cacheBytes lower");
    const given: SentBlocks = { caller, module, memory, sizes, places };
    // They start while this thread prepares the examples.
    const starting = startPools(shared ? Math.min(workers, places) : 0, given);
    const [pools, classes] = await Promise.allSettled([starting, prepare()]);
    try {
      if (pools.status === "rejected") throw pools.reason;
      if (classes.status === "rejected") throw classes.reason;
      return PairSolvers.#onBlocks(classes.value, layout, { given, pools: pools.value }, settings);
    } catch (error) {
      if (pools.status === "fulfilled") await stopPools(pools.value);
      throw error;
    }
  }

  static async #onRows(classes: TrainingClasses, settings: SolverSettings): Promise<PairSolvers> {
    const module = await svmKernels(false);
    const count = Math.min(AT_ONCE, classes.pairCount);
    const bytes = Math.min(settings.bytes / AT_ONCE, MOST_BYTES / 2);
    return new PairSolvers(
      classes,
      Array.from({ length: count }, () => new RowSolver(classes, module, bytes, settings)),
    );
  }

  static #onBlocks(
    classes: TrainingClasses,
    layout: BlockLayout,
    { given, pools }: { readonly given: SentBlocks; readonly pools: readonly Pool[] },
    settings: SolverSettings,
  ): PairSolvers {
    const { module, memory, places } = given;
    const first = new SmoMemory(module, memory, layout.vectorsAt(0));
    const blocks = new ClassBlocks(classes.kernel, classes.held, classes.diagonals, {
      layout,
      memory: first,
    });
    const solvers = Array.from({ length: places }, (_, place): PairSolver => {
      const pool = pools[place % Math.max(1, pools.length)];
      const own = new SmoMemory(module, memory, layout.vectorsAt(place));
      const turns = settings.turns();
      return {
        async solve(a, b) {
          await blocks.compute(place, a, b);
          const { signs, diagonal } = classes.pair(a, b);
          const { bounds, tolerance, shrinking, maxIter } = settings;
          const solved = { bounds, tolerance, shrinking, maxIter };
          const question: BlockQuestion = { place, pair: [a, b], signs, diagonal, settings: solved };
          return pool === undefined ? solveBlocks(layout, own, question, turns) : pool.ask(question);
        },
      };
    });
    return new PairSolvers(classes, solvers, pools);
  }

  pair(a: number, b: number): PairExamples {
    return this.#classes.pair(a, b);
  }

  /** Ends the workers. */
  async stop(): Promise<void> {
    await stopPools(this.#pools);
  }
}

type Pool = RequestWorkers<BlockQuestion, BinarySolution>;

/**
 * Starts a pool for each thread: who is done sooner gets more.
 *
 * @throws what the first that does not start throws, when the others have been stopped.
 */
export async function startPools(
  count: number,
  given: SentBlocks,
  script: WorkerScript = SCRIPT,
): Promise<Pool[]> {
  const start = () =>
    RequestWorkers.start<SentBlocks, BlockQuestion, BinarySolution>({
      ...{ count: 1, script, given },
      owner: given.caller,
    });
  const started = await Promise.allSettled(Array.from({ length: count }, start));
  const pools = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed === undefined) return pools;
  await stopPools(pools);
  throw failed.reason;
}

async function stopPools(pools: readonly Pool[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.stop()));
}

/** Solves pairs in this thread, with rows that come as they are needed. */
class RowSolver implements PairSolver {
  readonly #classes: TrainingClasses;
  readonly #settings: SolverSettings;
  readonly #memory: SmoMemory;
  readonly #rowsAt: number;
  readonly #bytes: number;
  readonly #turns: Turns;

  constructor(classes: TrainingClasses, module: WebAssembly.Module, bytes: number, settings: SolverSettings) {
    const places = classes.mostPlaces;
    const rowsAt = PAGE + SmoMemory.bytes(places);
    const rows = Math.max(...classes.pairPlaces().map((n) => RowCache.bytes(n, ROWS_AT_ONCE, bytes)));
    const what = `${settings.caller}: kernel rows of ${places} examples`;
    this.#memory = new SmoMemory(module, memoryOf(rowsAt + rows, false, what, "set cacheBytes lower"), PAGE);
    this.#rowsAt = rowsAt;
    this.#bytes = bytes;
    this.#classes = classes;
    this.#settings = settings;
    this.#turns = settings.turns();
  }

  async solve(a: number, b: number): Promise<BinarySolution> {
    const { examples, signs, diagonal } = this.#classes.pair(a, b);
    const rows = await rowsOfPair(this.#classes.partsOf(a, b, this.#turns), examples);
    const source = { size: examples.length, diagonal, atOnce: ROWS_AT_ONCE, rows };
    const memory = this.#memory;
    const cache = new RowCache(source, memory, this.#rowsAt, this.#bytes);
    return solveSmo({ rows: cache, memory, diagonal, signs, settings: this.#settings }, this.#turns);
  }
}

/** The classes of a training set. */
class TrainingClasses {
  readonly kernel: Kernel;
  /** As the engine holds them; none for kernels that it does not compute. */
  readonly held: readonly HeldClass[];
  /** Places of each class. */
  readonly sizes: readonly number[];
  /** Of each class the kernel of its examples with themselves. */
  readonly diagonals: readonly Float64Array[];
  readonly #x: Matrix;
  readonly #members: readonly Int32Array[];
  readonly #prepared: PreparedRows;

  private constructor(
    kernel: Kernel,
    x: Matrix,
    members: readonly Int32Array[],
    prepared: PreparedRows,
    held: readonly HeldClass[],
  ) {
    this.kernel = kernel;
    this.held = held;
    this.sizes = held.length > 0 ? held.map(({ rows }) => rows) : members.map(({ length }) => length);
    const diagonal = kernelDiagonal(kernel, x);
    this.diagonals = members.map((places) => Float64Array.from(places, (place) => diagonal[place]));
    this.#x = x;
    this.#members = members;
    this.#prepared = prepared;
  }

  static async of(kernel: Kernel, x: Matrix, members: readonly Int32Array[]): Promise<TrainingClasses> {
    const isOwn = typeof kernel.kernel !== "string" || kernel.kernel === "precomputed";
    const prepared = prepareRows(x, offsetOf(kernel, x));
    const classes = isOwn ? [] : members.map((places) => heldClass(prepared, places));
    return new TrainingClasses(kernel, x, members, prepared, classes);
  }

  get pairCount(): number {
    return (this.sizes.length * (this.sizes.length - 1)) / 2;
  }

  /** Of the largest pair. */
  get mostPlaces(): number {
    return roundedPlaces(Math.max(...this.pairPlaces()));
  }

  /** How many places each pair has. */
  pairPlaces(): number[] {
    return this.sizes.flatMap((size, a) => this.sizes.slice(a + 1).map((other) => size + other));
  }

  pair(a: number, b: number): PairExamples {
    const [first, second] = [this.sizes[a], this.sizes[b]];
    const examples = new Int32Array(first + second).fill(-1);
    const signs = new Int8Array(first + second);
    const diagonal = new Float64Array(first + second).fill(1);
    for (const [c, start, sign] of [
      [a, 0, 1],
      [b, first, -1],
    ]) {
      examples.set(this.#members[c], start);
      diagonal.set(this.diagonals[c], start);
      signs.fill(sign, start, start + this.#members[c].length);
    }
    return { examples, signs, diagonal };
  }

  partsOf(a: number, b: number, turns: Turns) {
    const held = this.held.length > 0 ? [this.held[a], this.held[b]] : null;
    return { kernel: this.kernel, x: this.#x, prepared: this.#prepared, held, turns };
  }
}

function heldClass({ rows: source, halfSquares }: PreparedRows, places: Int32Array): HeldClass {
  const { columns } = source;
  const rows = roundedRows(places.length);
  const data = new Float32Array(rows * columns);
  data.set(takeRows(source, places).data);
  const halves = new Float32Array(rows);
  if (halfSquares.length > 0) for (let i = 0; i < places.length; i++) halves[i] = halfSquares[places[i]];
  return {
    x: held(fromTypedArray(data, [rows, columns], "float32")),
    halfSquares: held(fromTypedArray(halves, [rows], "float32")),
    rows,
  };
}
