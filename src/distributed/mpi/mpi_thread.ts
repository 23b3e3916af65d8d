/**
 * The one thread of a rank that loads and calls MPI: the thread that has initialised it, as MPI_THREAD_FUNNELED asks. It
 * never blocks inside of MPI: what is under way are tasks that test their requests, so that a collective of the engine,
 * one of the main thread and the beats of other ranks go on side by side. In between it sleeps until its bell is rung.
 */

import { bytesOf } from "../../base/dtype.ts";
import { DistributedError } from "../../base/errors.ts";
import { foreignFunctions } from "../../engines/onednn/library/foreign_functions.ts";
import { CollectiveChannel, type CollectiveOrder } from "../../workers/collective_channel.ts";
import { recordError } from "../../workers/errors_across.ts";
import { bfloat16AllReduce } from "./bfloat16_reduction.ts";
import { Health, type RankPlace } from "./health.ts";
import { loadMpi } from "./load_mpi.ts";
import type { Mpi, NativeArray } from "./mpi.ts";
import type { NativeOp } from "./mpi_abi.ts";
import type { Collective, FromMpi, SharedElements, StartedWorld, ToMpi, Transfer } from "./mpi_messages.ts";
import { isPowerOfTwo, type RankGroup, type Task, treeAllReduce, waitForAll } from "./reduction.ts";

/** How the thread reaches the main one. */
export interface MpiPort {
  /** The next message, if there is one. */
  take(): ToMpi | undefined;
  post(message: FromMpi): void;
}

// Every try and every waking takes time from the computing of the same processor.
/** Times that tasks are tried at once, before the thread sleeps between two tries, while the engine waits for them. */
const EAGER_TRIES = 20;
/** Milliseconds of a sleep between two tries while the engine waits: at first, at most. */
const [SHORT_SLEEP, LONG_SLEEP] = [0.05, 1];
/** The same while it computes. */
const RELAXED_SLEEP = 0.5;
/** Milliseconds between two looks at the other ranks. */
const LOOK_MS = 50;
/** Milliseconds of a sleep when nothing is under way. */
const IDLE_SLEEP = 200;
/** Milliseconds in which a process is to end by itself when the world has failed. */
const GRACE = 10_000;
const PLACE_BYTES = 320;
/** Sums that are noted at most. */
const MOST_TRANSFERS = 20_000;

/** What is there once MPI has started. */
interface World {
  readonly mpi: Mpi;
  readonly engine: RankGroup;
  readonly host: RankGroup;
  readonly health: Health;
}

export class MpiThread {
  readonly #port: MpiPort;
  #channel = new CollectiveChannel();
  #world: World | null = null;
  #memory: SharedArrayBuffer | null = null;
  readonly #tasks = new Set<{ readonly task: Task; readonly request: number | null }>();
  readonly #scratch: Uint8Array[] = [];
  /** The sums of the engine's orders, if they are noted. */
  #log: Transfer[] | null = null;
  #nextOrder = 0;
  /** The bell at which messages were taken last. */
  #heard: number | null = null;
  #nextLook = 0;
  #hostTag = 0;
  #failedAt: number | null = null;
  #over = false;

  constructor(port: MpiPort) {
    this.#port = port;
  }

  /** Runs until the world is finalised. */
  run(): void {
    let [idle, before] = [0, 0];
    while (!this.#over) {
      const { bell } = this.#channel;
      const moved = this.#step(bell);
      idle = moved || bell !== before ? 0 : idle + 1;
      before = bell;
      if (!moved) this.#rest(bell, idle);
    }
  }

  /** Sleeps until something happens, or it is time for another try. */
  #rest(bell: number, idle: number): void {
    const channel = this.#channel;
    if (this.#tasks.size === 0) channel.sleep(bell, IDLE_SLEEP);
    else if (!channel.isAwaited)
      channel.sleep(bell, Math.min(LONG_SLEEP, Math.max(RELAXED_SLEEP, SHORT_SLEEP * idle)));
    else if (idle > EAGER_TRIES)
      channel.sleep(bell, Math.min(LONG_SLEEP, SHORT_SLEEP * (idle - EAGER_TRIES)));
  }

  /** @returns whether something has happened. */
  #step(bell: number): boolean {
    let moved = false;
    // Who posts a message rings then.
    if (this.#world === null || bell !== this.#heard) {
      this.#heard = bell;
      for (let next = this.#port.take(); next !== undefined; next = this.#port.take()) {
        this.#receive(next);
        moved = true;
      }
    }
    if (this.#failedAt !== null) {
      if (Date.now() - this.#failedAt > GRACE) this.#endProcess();
      return moved;
    }
    const world = this.#world;
    if (world === null) return moved;
    try {
      moved = this.#takeOrders(world) || moved;
      moved = this.#runTasks() || moved;
      if (this.#over) return true;
      const now = Date.now();
      if (now < this.#nextLook) return moved;
      this.#nextLook = now + LOOK_MS;
      const loss = world.health.look();
      if (loss !== null) this.#fail(loss.reason, loss.own);
    } catch (error) {
      this.#fail(`rank ${world.host.rank}: ${(error as Error).message}`, true);
    }
    return moved;
  }

  #receive(message: ToMpi): void {
    switch (message.type) {
      case "start":
        this.#answer(message.request, () => this.#start(message));
        break;
      case "memory":
        this.#memory = message.memory;
        break;
      case "record":
        this.#log ??= [];
        break;
      case "recorded":
        this.#answer(message.request, () => this.#log ?? []);
        break;
      case "leave":
        if (this.#failedAt === null) this.#fail(message.reason, true);
        break;
      case "collective":
      case "finalize":
        if (this.#failedAt !== null || this.#world === null) this.#refuse(message.request);
        else if (message.type === "finalize") this.#add(this.#finalize(this.#world, message.request), null);
        else this.#add(this.#hostTask(this.#world, message.collective), message.request);
        break;
    }
  }

  #answer(request: number, body: () => unknown): void {
    try {
      this.#port.post({ request, value: body() });
    } catch (error) {
      this.#port.post({ request, error: recordError(error) });
    }
  }

  #refuse(request: number): void {
    const error = new DistributedError(this.#channel.failure ?? "the world was not started");
    this.#port.post({ request, error: recordError(error) });
  }

  #start({ channel, launcher, patience }: ToMpi & { type: "start" }): StartedWorld {
    this.#channel = new CollectiveChannel(channel);
    const { mpi, vendor, version, path } = loadMpi(process.env, launcher);
    mpi.start();
    const [rank, size] = [mpi.rank(mpi.world), mpi.size(mpi.world)];
    if (launcher !== null && launcher.size !== size) {
      throw new DistributedError(
        `mpirun has started ${launcher.size} ranks, but ${path} (${version}) sees ${size}: it is not the library of this ` +
          "mpirun; have CONVOYANT_MPI name that",
      );
    }
    const group = (): RankGroup => ({ mpi, communicator: mpi.duplicate(mpi.world), rank, size });
    const [engine, host, beats] = [group(), group(), group()];
    const places = placesOf(host);
    const health = new Health(beats, this.#channel, places, patience);
    this.#world = { mpi, engine, host, health };
    return { rank, size, vendor, library: version, places };
  }

  #add(task: Task, request: number | null): void {
    this.#tasks.add({ task, request });
  }

  #takeOrders(world: World): boolean {
    let taken = false;
    for (;;) {
      const order = this.#channel.orderOf(this.#nextOrder);
      if (order === null || this.#memory === null) return taken;
      this.#nextOrder++;
      this.#add(this.#engineTask(world, order, this.#memory), null);
      taken = true;
    }
  }

  #runTasks(): boolean {
    let ended = false;
    for (const entry of this.#tasks) {
      if (entry.task.next().done !== true) continue;
      this.#tasks.delete(entry);
      if (entry.request !== null) this.#port.post({ request: entry.request, value: null });
      ended = true;
    }
    return ended;
  }

  *#engineTask({ mpi, engine }: World, order: CollectiveOrder, memory: SharedArrayBuffer): Task {
    const { address, count, reduction, number } = order;
    // The memory may have grown since it was sent, but never moves.
    const start = mpi.addressOf(new Uint8Array(memory, 0, 4));
    const place: NativeArray = { address: start + address, count, type: "float32" };
    const from = this.#log === null ? 0 : clock();
    if (reduction === "bfloat16") yield* this.#bfloat16AllReduce(engine, place, number);
    else yield* this.#allReduce(engine, place, reduction, number);
    this.#channel.done(number);
    const bytes = (reduction === "bfloat16" ? 2 : 4) * count;
    if (this.#log !== null && this.#log.length < MOST_TRANSFERS) this.#log.push({ from, to: clock(), bytes });
  }

  *#allReduce(group: RankGroup, place: NativeArray, reduction: "tree" | "fast", number: number): Task {
    const { mpi, communicator, size } = group;
    if (size === 1) return;
    // Two numbers have one sum, and the library takes longer for it: it makes room for what arrives every time.
    if (reduction === "fast" && size > 2) {
      yield* waitForAll(mpi, [mpi.allReduce(place, "sum", communicator)]);
      return;
    }
    yield* this.#treeAllReduce(group, place, "sum", number);
  }

  *#treeAllReduce(group: RankGroup, place: NativeArray, op: NativeOp, number: number): Task {
    const scratch = this.#takeScratch(place.count * bytesOf(place.type));
    yield* treeAllReduce(group, place, op, group.mpi.addressOf(scratch), tagOf(number));
    this.#scratch.push(scratch);
  }

  *#bfloat16AllReduce(group: RankGroup, { address, count }: NativeArray, number: number): Task {
    if (group.size === 1) return;
    const { mpi } = group;
    const scratch = [4 * count, 2 * count, 2 * count].map((bytes) => this.#takeScratch(bytes));
    const [own, outgoing, incoming] = scratch;
    // The engine's memory may be larger than this thread's view of it.
    mpi.copy(address, mpi.addressOf(own), 4 * count);
    const place = {
      words: new Uint32Array(own.buffer, 0, count),
      outgoing: new Uint16Array(outgoing.buffer, 0, count),
      incoming: new Uint16Array(incoming.buffer, 0, count),
    };
    yield* bfloat16AllReduce(group, place, tagOf(number));
    mpi.copy(mpi.addressOf(own), address, 4 * count);
    this.#scratch.push(...scratch);
  }

  /** A buffer for what arrives; those of earlier tasks are used again. */
  #takeScratch(bytes: number): Uint8Array {
    const known = this.#scratch.pop();
    if (known !== undefined && known.length >= bytes) return known;
    return new Uint8Array(new ArrayBuffer(Math.max(4096, bytes)));
  }

  *#hostTask({ mpi, host }: World, collective: Collective): Task {
    const { communicator, size } = host;
    if (collective.kind === "barrier") {
      yield* waitForAll(mpi, [mpi.barrier(communicator)]);
      return;
    }
    const place = placeOf(mpi, collective.elements);
    if (collective.kind === "broadcast") {
      yield* waitForAll(mpi, [mpi.broadcast(place, collective.from, communicator)]);
    } else if (collective.kind === "allReduce") {
      if (isPowerOfTwo(size)) yield* this.#treeAllReduce(host, place, collective.op, this.#hostTag++);
      else yield* waitForAll(mpi, [mpi.allReduce(place, collective.op, communicator)]);
    } else {
      const bytes = place.count * bytesOf(place.type);
      const own = this.#takeScratch(bytes);
      own.set(new Uint8Array(collective.elements.buffer, host.rank * bytes, bytes));
      const sent = { ...place, address: mpi.addressOf(own) };
      yield* waitForAll(mpi, [mpi.allGather(sent, place.address, communicator)]);
      this.#scratch.push(own);
    }
  }

  /** Waits for all ranks, so that none of them is missed by the others. */
  *#finalize({ mpi, host, health }: World, request: number): Task {
    yield* waitForAll(mpi, [mpi.barrier(host.communicator)]);
    health.close();
    mpi.finalize();
    this.#world = null;
    this.#over = true;
    this.#port.post({ request, value: null });
  }

  /** @param tell - whether the others are told. */
  #fail(reason: string, tell: boolean): void {
    this.#failedAt = Date.now();
    this.#channel.fail(reason);
    this.#port.post({ failed: reason });
    for (const { request } of this.#tasks) if (request !== null) this.#refuse(request);
    this.#tasks.clear();
    try {
      if (tell) this.#world?.health.leave(reason);
    } catch {
      // A lost rank cannot be told.
    }
  }

  /** The main thread has not ended the process in time: it does not answer. */
  #endProcess(): void {
    process.getBuiltinModule("node:fs").writeSync(2, `DistributedError: ${this.#channel.failure}\n`);
    foreignFunctions().open(null).declare("_exit", "void", ["int"])(1);
  }
}

/** Milliseconds, by a clock that all threads of the process share. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Of the messages of a sum. */
function tagOf(number: number): number {
  return 1 + (number % 30_000);
}

function placeOf(mpi: Mpi, { buffer, count, type }: SharedElements): NativeArray {
  return { address: mpi.addressOf(new Uint8Array(buffer)), count, type };
}

/** Where the ranks run; every rank asks. */
function placesOf({ mpi, communicator, size }: RankGroup): RankPlace[] {
  const { hostname } = process.getBuiltinModule("node:os");
  const text = JSON.stringify({ host: hostname(), pid: process.pid } satisfies RankPlace);
  const own = new Uint8Array(new ArrayBuffer(PLACE_BYTES));
  own.set(new TextEncoder().encode(text).slice(0, PLACE_BYTES));
  const all = new Uint8Array(new ArrayBuffer(PLACE_BYTES * size));
  const place: NativeArray = { address: mpi.addressOf(own), count: PLACE_BYTES, type: "uint8" };
  const request = mpi.allGather(place, mpi.addressOf(all), communicator);
  // Named until it has been sent: V8 frees what only native code still reads.
  while (!mpi.test(request)) own.at(0);
  return Array.from({ length: size }, (_, i) => {
    const bytes = all.slice(i * PLACE_BYTES, (i + 1) * PLACE_BYTES);
    return JSON.parse(new TextDecoder().decode(bytes).replaceAll("\0", "")) as RankPlace;
  });
}
