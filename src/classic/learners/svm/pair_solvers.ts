/** Who solves the pairs of classes of a training set: this thread on rows or blocks, or workers on blocks. */
import { fromTypedArray } from "../../../tensor/tensor.ts";
import { RequestWorkers } from "../../../workers/request_workers.ts";
import type { WorkerScript } from "../../../workers/worker_port.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import { held } from "../products.ts";
import type { Turns } from "../turns.ts";
import { BlockLayout, PANEL } from "./block_layout.ts";
import { type BlockQuestion, BlockSolver, type SentBlocks } from "./block_rows.ts";
import { ClassMembers, type PairExamples } from "./class_members.ts";
import { isProduct, writePanels } from "./class_panels.ts";
import { RowCache } from "./kernel_rows.ts";
import type { Kernel } from "./kernels.ts";
import { type HeldClass, rowsOfPair } from "./pair_rows.ts";
import { offsetOf, type PreparedRows, prepareRows } from "./prepared_rows.ts";
import { type BinarySolution, type SmoSettings, solveSmo } from "./smo.ts";
import { SmoMemory } from "./smo_memory.ts";
import { productKernels, svmKernels } from "./svm_kernels.ts";
import { MOST_BYTES, memoryOf, PAGE, sharesMemory } from "./svm_memory.ts";

/** Classes that the engine holds are filled up to a multiple of this, so that few shapes of products are compiled. */
const ROUNDED = 128;

/** Rows that are computed together: enough for a fast product, few enough that most of them are used. */
const ROWS_AT_ONCE = 64;

/** Pairs that one thread has at the same time: it takes steps of one while the other waits for kernel values, or to be sent. */
const AT_ONCE = 2;

const SCRIPT: WorkerScript = {
  url: () => new URL("./kernel_svm_worker.js", import.meta.url),
  source: () => import("#worker_sources/kernel_svm_worker"),
};

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

/** The examples of a training set class by class, so that each pair of classes finds its own. */
export class PairSolvers {
  /** Each works on its own; all of them at the same time. */
  readonly solvers: readonly PairSolver[];
  readonly #classes: ClassMembers;
  readonly #pools: readonly Pool[];

  private constructor(classes: ClassMembers, solvers: readonly PairSolver[], pools: readonly Pool[] = []) {
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
    if (!isProduct(kernel)) return PairSolvers.#onRows(kernel, x, members, settings);
    const classes = new ClassMembers(kernel, x, members, PANEL);
    const shared = settings.workers > 0 && sharesMemory();
    const places = shared ? Math.min(classes.pairCount, settings.workers) : 1;
    const layout = new BlockLayout(classes.sizes, x.columns, places);
    return layout.kernelBytes > settings.bytes || layout.bytes > MOST_BYTES
      ? PairSolvers.#onRows(kernel, x, members, settings)
      : PairSolvers.#onBlocks(classes, x, { layout, places, shared }, settings);
  }

  static async #onRows(
    kernel: Kernel,
    x: Matrix,
    members: readonly Int32Array[],
    settings: SolverSettings,
  ): Promise<PairSolvers> {
    const isOwn = typeof kernel.kernel !== "string" || kernel.kernel === "precomputed";
    const classes = new ClassMembers(kernel, x, members, isOwn ? 1 : ROUNDED);
    const prepared = prepareRows(x, offsetOf(kernel, x));
    const held = isOwn ? null : members.map((places, c) => heldClass(prepared, places, classes.sizes[c]));
    const module = await svmKernels(false);
    const count = Math.min(AT_ONCE, classes.pairCount);
    const bytes = Math.min(settings.bytes / AT_ONCE, MOST_BYTES / 2);
    const given: HeldTraining = { kernel, x, classes, prepared, held, module };
    return new PairSolvers(
      classes,
      Array.from({ length: count }, () => new RowSolver(given, bytes, settings)),
    );
  }

  static async #onBlocks(
    classes: ClassMembers,
    x: Matrix,
    { layout, places, shared }: BlockPlaces,
    settings: SolverSettings,
  ): Promise<PairSolvers> {
    const { kernel, members, sizes } = classes;
    const { caller } = settings;
    const [classic, engine] = await Promise.all([svmKernels(shared), productKernels(shared)]);
    const modules = { classic, engine };
    const memory = memoryOf(layout.bytes, shared, `${caller}: the kernel matrices`, "set cacheBytes lower");
    const given: SentBlocks = { caller, kernel, modules, memory, sizes, columns: x.columns, places };
    // They start while this thread writes the examples.
    const starting = startPools(shared ? places : 0, given);
    starting.catch(() => {});
    writePanels({ modules, memory, layout }, kernel, x, members);
    const pools = await starting;
    const own = pools.length === 0 ? new BlockSolver(given, 0) : null;
    const solverAt = (index: number): PairSolver => {
      const turns = settings.turns();
      return {
        solve(a, b) {
          const { signs, diagonal } = classes.pair(a, b);
          const { bounds, tolerance, shrinking, maxIter } = settings;
          const solved = { bounds, tolerance, shrinking, maxIter };
          const question: BlockQuestion = { pair: [a, b], signs, diagonal, settings: solved };
          return own === null ? pools[index % pools.length].ask(question) : own.solve(question, turns);
        },
      };
    };
    const count = own === null ? Math.min(classes.pairCount, AT_ONCE * places) : 1;
    return new PairSolvers(
      classes,
      Array.from({ length: count }, (_, i) => solverAt(i)),
      pools,
    );
  }

  pair(a: number, b: number): PairExamples {
    return this.#classes.pair(a, b);
  }

  /** Ends the workers. */
  async stop(): Promise<void> {
    await stopPools(this.#pools);
  }
}

interface BlockPlaces {
  readonly layout: BlockLayout;
  readonly places: number;
  readonly shared: boolean;
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
  const start = (place: number) =>
    RequestWorkers.start<SentBlocks & { readonly place: number }, BlockQuestion, BinarySolution>({
      ...{ count: 1, script, given: { ...given, place } },
      owner: given.caller,
    });
  const started = await Promise.allSettled(Array.from({ length: count }, (_, place) => start(place)));
  const pools = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed === undefined) return pools;
  await stopPools(pools);
  throw failed.reason;
}

async function stopPools(pools: readonly Pool[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.stop()));
}

/** What solvers on rows share. */
interface HeldTraining {
  readonly kernel: Kernel;
  readonly x: Matrix;
  readonly classes: ClassMembers;
  readonly prepared: PreparedRows;
  /** As the engine holds them; null for kernels that it does not compute. */
  readonly held: readonly HeldClass[] | null;
  readonly module: WebAssembly.Module;
}

/** Solves pairs in this thread, with rows that the engine computes as they are needed. */
class RowSolver implements PairSolver {
  readonly #given: HeldTraining;
  readonly #settings: SolverSettings;
  readonly #memory: SmoMemory;
  readonly #rowsAt: number;
  readonly #bytes: number;
  readonly #turns: Turns;

  constructor(given: HeldTraining, bytes: number, settings: SolverSettings) {
    const { classes, module } = given;
    const places = classes.mostPlaces;
    const rowsAt = PAGE + SmoMemory.bytes(places);
    const rows = Math.max(...classes.pairPlaces().map((n) => RowCache.bytes(n, ROWS_AT_ONCE, bytes)));
    const what = `${settings.caller}: kernel rows of ${places} examples`;
    this.#memory = new SmoMemory(module, memoryOf(rowsAt + rows, false, what, "set cacheBytes lower"), PAGE);
    this.#rowsAt = rowsAt;
    this.#bytes = bytes;
    this.#given = given;
    this.#settings = settings;
    this.#turns = settings.turns();
  }

  async solve(a: number, b: number): Promise<BinarySolution> {
    const { classes, held, kernel, prepared, x } = this.#given;
    const { examples, signs, diagonal } = classes.pair(a, b);
    const sides = held === null ? null : [held[a], held[b]];
    const parts = { kernel, x, prepared, held: sides, turns: this.#turns };
    const rows = await rowsOfPair(parts, examples);
    const source = { size: examples.length, diagonal, atOnce: ROWS_AT_ONCE, rows };
    const memory = this.#memory;
    const cache = new RowCache(source, memory, this.#rowsAt, this.#bytes);
    return solveSmo({ rows: cache, memory, diagonal, signs, settings: this.#settings }, this.#turns);
  }
}

function heldClass({ rows: source, halfSquares }: PreparedRows, places: Int32Array, rows: number): HeldClass {
  const { columns } = source;
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
