/** The world of a process: the ranks that work together, of which this is one. */
import { ArgumentError, DistributedError } from "../base/errors.ts";
import { requireRange } from "../base/params/argument_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Summation } from "../workers/collective_channel.ts";
import { type Launcher, launcherOf, tasksWithoutMpi } from "./mpi/launcher.ts";
import { endProcess, MpiClient } from "./mpi/mpi_client.ts";
import { isPowerOfTwo } from "./mpi/reduction.ts";

export interface InitOptions {
  /** Seconds without a sign of life after which a rank counts as lost. @default 15 */
  readonly timeout?: number;
  /**
   * Into how many shards `train.fit` cuts each batch, whatever the number of ranks: a power of two, and at least the number
   * of ranks. Any power of two of ranks up to it ends in the same bits. @default 8
   */
  readonly shards?: number;
  /**
   * How `train.fit` adds gradients: `"tree"`, in a binary tree of shards, the same for any number of ranks; `"fast"`, one
   * shard for each rank, in the order that MPI's library chooses. @default "tree"
   */
  readonly reduce?: Summation;
  /**
   * `"bfloat16"` has gradients cross between ranks as bfloat16, as PyTorch's `bf16_compress_hook` does: half the bytes. It
   * costs precision: each shard's gradient, and every sum of two, is rounded to 8 bits of mantissa, on any number of ranks
   * alike. The number of ranks is a power of two. @default null
   */
  readonly compress?: "bfloat16" | null;
}

/** The ranks that were started together. */
export interface World {
  /** Number of this process among them, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly worldSize: number;
  /** Ranks on this machine; 1 if the launcher does not say. */
  readonly localSize: number;
  /** The MPI that connects them, with its version; null for a process that was started alone. */
  readonly library: string | null;
}

/** A world with its connection; null in a process that was started alone. */
export interface ConnectedWorld extends World {
  readonly shards: number;
  readonly reduce: Summation;
  readonly compress: "bfloat16" | null;
  readonly client: MpiClient | null;
}

let starting: Promise<ConnectedWorld> | null = null;
let started: ConnectedWorld | null = null;
const onStart = new Set<(world: ConnectedWorld | null) => void>();

/**
 * Joins the other ranks that `mpirun` or `srun` has started. Every rank calls it once, before anything else of this
 * module; a second call gives the same world. A process that was started alone is a world of one rank, which needs no MPI.
 *
 * From here on `train.fit` trains data-parallel. At the end of the program the ranks wait for each other and MPI is ended;
 * `finalize()` does so before.
 *
 * @throws DistributedError if MPI is not installed (the message has the command), if it is of another vendor than the
 * `mpirun` that has started the process, or if koffi is missing.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * const { rank, worldSize } = await distributed.init();
 * rank < worldSize; // true
 * ```
 */
export function init(options: InitOptions = {}): Promise<World> {
  const known = ["timeout", "shards", "reduce", "compress"];
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new ArgumentError(`unknown option ${shownValue(name)} of init (it takes ${known.join(", ")})`);
  const { timeout = 15, shards = 8, reduce = "tree", compress = null } = options;
  requireRange("init", "shards", shards, (n) => n <= 4096 && isPowerOfTwo(n), "a power of two up to 4096");
  if (reduce !== "tree" && reduce !== "fast")
    throw new ArgumentError(`init: expected \`reduce\` to be "tree" or "fast", got ${shownValue(reduce)}`);
  if (compress !== null && compress !== "bfloat16")
    throw new ArgumentError(
      `init: expected \`compress\` to be "bfloat16" or null, got ${shownValue(compress)}`,
    );
  requireRange("init", "timeout", timeout, (n) => n >= 1 && n <= 86_400, "from 1 to 86400 (seconds)");
  starting ??= start({ timeout, shards, reduce, compress }).catch((error) => {
    starting = null;
    throw error;
  });
  return starting;
}

async function start(options: Required<InitOptions>): Promise<ConnectedWorld> {
  const launcher = launcherOf(process.env);
  const tasks = tasksWithoutMpi(process.env);
  if (tasks !== null) {
    throw new DistributedError(
      `srun has started ${tasks} tasks that cannot reach each other; start them with srun --mpi=pmix for Open MPI, or ` +
        "srun --mpi=pmi2 for MPICH",
    );
  }
  const { shards, reduce, compress } = options;
  const world = {
    ...(launcher === null ? ALONE : await connect(launcher, options.timeout)),
    shards,
    reduce,
    compress,
  };
  started = world;
  for (const told of onStart) told(world);
  return world;
}

type Connection = Omit<ConnectedWorld, "shards" | "reduce" | "compress">;

const ALONE: Connection = { rank: 0, worldSize: 1, localSize: 1, library: null, client: null };

async function connect(launcher: Launcher, timeout: number): Promise<Connection> {
  const client = new MpiClient();
  const { rank, size, library } = await client.start(launcher, timeout);
  endWithProcess(client, rank);
  return { rank, worldSize: size, localSize: launcher.localSize ?? 1, library, client };
}

/** Ends MPI with the process, and tells the other ranks if the process ends by an error. */
function endWithProcess(client: MpiClient, rank: number): void {
  process.on("beforeExit", () => {
    if (!client.isOver) client.finalize().catch(() => {});
  });
  process.on("uncaughtExceptionMonitor", (error) => {
    client.leave(`rank ${rank} has ended by an error: ${firstLine(error)}`);
  });
  process.on("exit", (code) => {
    if (client.isOver) return;
    client.leave(`rank ${rank} has ended with exit code ${code}`);
    // The words are sent by the other thread, which ends with this one.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS_MS);
  });
  // MPICH's launcher says so that a rank was lost; Node.js would open its debugger.
  process.on("SIGUSR1", () => {});
  // Open MPI's launcher ends all ranks if one is lost.
  process.prependListener("SIGTERM", () => {
    const lost = client.lostNow(rank);
    if (lost !== null) {
      client.abandon();
      endProcess(new DistributedError(lost));
    }
    if (process.listenerCount("SIGTERM") === 1) process.exit(143);
  });
}

const LAST_WORDS_MS = 300;

function firstLine(error: unknown): string {
  return String((error as Error | null)?.message ?? error).split("\n")[0];
}

/** The world, if `init` was called. @throws DistributedError if not. */
export function requireWorld(of: string): ConnectedWorld {
  if (started !== null) return started;
  throw new DistributedError(`${of}: there is no world yet; call \`await distributed.init()\` first`);
}

/** The world, if there is one. */
export function startedWorld(): ConnectedWorld | null {
  return started;
}

/** Has `told` called with the world when it starts, and with null when it ends. */
export function whenWorldChanges(told: (world: ConnectedWorld | null) => void): void {
  onStart.add(told);
}

/**
 * Number of this process among the ranks, from 0; 0 if `init` was not called.
 *
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * await distributed.init();
 * if (distributed.rank() === 0) console.log("said once, whatever the number of ranks");
 * ```
 */
export function rank(): number {
  return started?.rank ?? 0;
}

/**
 * How many ranks there are; 1 if `init` was not called.
 *
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * await distributed.init();
 * const share = 256 / distributed.worldSize();
 * ```
 */
export function worldSize(): number {
  return started?.worldSize ?? 1;
}

/**
 * Waits for all ranks and leaves the world. MPI cannot be started again in the same process.
 *
 * @throws DistributedError if a rank was lost.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * await distributed.init();
 * await distributed.finalize();
 * ```
 */
export async function finalize(): Promise<void> {
  const world = started;
  if (world === null) return;
  if (world.client?.failure) throw world.client.failure;
  await world.client?.finalize();
  started = null;
  if (world.client === null) starting = null;
  for (const told of onStart) told(null);
}
