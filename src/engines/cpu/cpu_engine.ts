/**
 * The CPU runtime: an engine on one WebAssembly memory that its workers share. It has the memory, the worker pool, the
 * generated loops and the prepared programs; which kernels compute the other steps is up to the engine that uses it
 * (`CpuKernels`).
 *
 * This side only allocates: it decides which bytes of the memory belong to which buffer, and sends messages to the
 * workers. All workers receive the same runs in the same order and walk them together (`worker_service.ts`);
 * reading, writing and clearing of buffers goes to the first worker, in order with its runs.
 */

import { loadLoops } from "#loops";
import { DTYPES, type TypedArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { mostThreads, processors } from "../../workers/processors.ts";
import { inNode } from "../../workers/worker_port.ts";
import type {
  Autotuning,
  CompiledProgram,
  Engine,
  EngineBuffer,
  EngineCapabilities,
  EngineMemory,
  Program,
  RunBindings,
  RunOptions,
  RunResult,
  StepPlan,
  StepSpec,
} from "../contract/engine.ts";
import { boundValues, checkBindings, copyOf, keptOutputs, requireBuffer } from "../contract/run_program.ts";
import { wantsPortable } from "../portable.ts";
import type { CpuKernels } from "./cpu_kernels.ts";
import type { RunPlaces } from "./cpu_messages.ts";
import { CpuWorkers } from "./cpu_workers.ts";
import { simdSupport } from "./loops/simd_support.ts";
import { EngineHeap, type HeapBlock, type HeapOrders, InputStaging } from "./memory/engine_heap.ts";
import { ALIGNMENT, aligned } from "./memory/memory_layout.ts";
import { activationCode } from "./shapes/activation.ts";

export interface CpuEngineOptions {
  /** How many threads; by default as many as there are processors. */
  readonly threads?: number;
  /** Bytes that buffers and programs may take at most; by default 4 GiB. */
  readonly memoryLimit?: number;
  /** Without relaxed SIMD, whose results depend on the processor and the run-time. */
  readonly portable?: boolean;
  /** Without algorithms that round more than plain sums do. */
  readonly exactConvolutions?: boolean;
  /** Runs every op by its reference kernel: for finding out which kernel is at fault. */
  readonly referenceOnly?: boolean;
}

type LoopGenerator = Awaited<ReturnType<typeof loadLoops>>;

interface KnownProgram {
  readonly inputs: readonly number[];
  readonly states: readonly number[];
  readonly threadScratchBytes: number;
  /** The last run, if the next one may be in the same places: the workers need not be told again. */
  last: LastRun | null;
}

interface LastRun {
  readonly states: readonly EngineBuffer[];
  /** How often buffers had been freed or moved. */
  readonly changes: number;
  /** Where everything else was, in short. */
  readonly rest: string;
}

/**
 * Runs programs on the processor with the kernels that it is given.
 *
 * @throws EngineError from `start` if the run-time has no SIMD or the kernels cannot start; from `allocate` and
 * `compile` if the memory does not suffice.
 */
export class CpuEngine implements Engine {
  readonly #options: CpuEngineOptions;
  readonly #instead: CpuKernels | null;
  readonly #workers: CpuWorkers;
  readonly #buffers = new Map<number, EngineBuffer>();
  readonly #blocks = new Map<number, HeapBlock>();
  /** Buffers that were not zeroed and nothing was written to. */
  readonly #untouched = new Set<number>();
  readonly #programs = new Map<number, KnownProgram>();
  #phase: "no" | "begun" | "done" = "no";
  #threads = 1;
  #relaxed = false;
  #heap: EngineHeap | undefined;
  #loops: LoopGenerator | undefined;
  #staging: InputStaging | undefined;
  /** Whether bytes were freed that the workers may still be about to clear or write. */
  #freedEarly = false;
  #nextId = 1;
  #liveBytes = 0;
  #runs = 0;
  #moves = 0;
  /** How often buffers were freed or moved: addresses hold until the next time. */
  #changes = 0;

  /** @param instead - kernels that are used if the others cannot start. */
  constructor(kernels: CpuKernels, options: CpuEngineOptions = {}, instead: CpuKernels | null = null) {
    const { threads } = options;
    this.#workers = new CpuWorkers(kernels);
    this.#instead = instead;
    this.#options = options;
    if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > mostThreads())) {
      throw new EngineError(
        `${this.name}: threads must be an integer from 1 to ${mostThreads()}, got ${threads}`,
      );
    }
  }

  get autotuning(): Autotuning | undefined {
    return this.#workers.kernels.autotuning;
  }

  get name(): string {
    return this.#workers.kernels.name;
  }

  async start(): Promise<EngineCapabilities> {
    if (this.#phase !== "no") throw new EngineError(`${this.name}: the engine was already started`);
    this.#phase = "begun";
    const support = simdSupport();
    const portable = this.#options.portable ?? wantsPortable();
    this.#relaxed = support.relaxed && !portable;
    const sharing = canShare();
    let heap: EngineHeap;
    try {
      if (!support.simd)
        throw new EngineError("this run-time has no WebAssembly SIMD; use the reference engine");
      this.#threads = sharing ? (this.#options.threads ?? processors()) : 1;
      heap = new EngineHeap(sharing, this.#heapOrders(), this.#options.memoryLimit);
    } catch (error) {
      const problem = `${this.name}: cannot start: ${(error as Error).message}`;
      this.#workers.fail(problem);
      throw new EngineError(problem);
    }
    this.#heap = heap;
    const { memory } = heap;
    if (memory !== undefined) this.#staging = new InputStaging(heap, memory);
    const machine = { threads: this.#threads, sharing, memory, relaxed: this.#relaxed };
    const loading = loadLoops();
    loading.catch(() => {});
    const { description, problem } = await this.#workers.start(machine, this.#instead);
    this.#loops = await loading;
    this.#phase = "done";
    const simd = this.#relaxed ? "relaxed SIMD" : portable ? "SIMD, portable" : "SIMD";
    const detail = description ?? `${simd}${sharing ? "" : ", memory not shared"}`;
    return this.#capabilities(
      problem === null ? detail : `${detail}; ${problem}`,
      heap.limitBytes,
      this.#loops,
    );
  }

  #capabilities(detail: string, memoryBytes: number, loops: LoopGenerator): EngineCapabilities {
    const { kernels } = this.#workers;
    const own = this.#options.referenceOnly !== true;
    return {
      name: kernels.name,
      threads: this.#threads,
      detail,
      bfloat16: kernels.bfloat16,
      limits: { dtypes: DTYPES, alignment: ALIGNMENT, bindings: Number.POSITIVE_INFINITY, memoryBytes },
      plan: (step) =>
        own ? (step.op === "fused" ? loops.planLoop(step) : this.#kernelPlan(kernels, step)) : null,
      // Generated loops compute every op that is asked about, on every dtype.
      fuses: ({ attributes }) => own && activationCode(attributes) !== undefined,
    };
  }

  #kernelPlan(kernels: CpuKernels, step: StepSpec): StepPlan | null {
    const exact = this.#options.exactConvolutions === true;
    const plan = kernels.plan(step, exact);
    return exact && plan !== null ? { ...plan, exact } : plan;
  }

  allocate(bytes: number, zeroed = true): EngineBuffer {
    const heap = this.#running();
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new EngineError(`${this.name}: a buffer of ${bytes} bytes cannot be allocated`);
    }
    const block = heap.allocate(bytes, "a buffer");
    const buffer: EngineBuffer = { id: this.#nextId++, bytes };
    this.#buffers.set(buffer.id, buffer);
    this.#blocks.set(buffer.id, block);
    this.#liveBytes += bytes;
    if (!zeroed) this.#untouched.add(buffer.id);
    else if (bytes > 0) this.#workers.post(0, { type: "clear", address: block.address, bytes });
    return buffer;
  }

  write(buffer: EngineBuffer, data: TypedArray): void {
    this.#running();
    requireBuffer(this.name, this.#buffers, buffer);
    if (data.byteLength > buffer.bytes) {
      throw new EngineError(
        `${this.name}: ${data.byteLength} bytes do not fit a buffer of ${buffer.bytes} bytes`,
      );
    }
    const place = this.firstContents(buffer);
    if (place !== null) {
      place.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return;
    }
    const copy = copyOf(data);
    this.#workers.post(0, { type: "write", address: this.#addressOf(buffer), data: copy }, [copy.buffer]);
  }

  firstContents(buffer: EngineBuffer): Uint8Array | null {
    const { memory } = this.#running();
    requireBuffer(this.name, this.#buffers, buffer);
    // Nothing that was sent before touches these bytes any more: no copy has to travel.
    if (!this.#untouched.delete(buffer.id) || memory === undefined || !this.#isQuiet) return null;
    return new Uint8Array(memory.buffer, this.#addressOf(buffer), buffer.bytes);
  }

  async read(buffer: EngineBuffer): Promise<ArrayBuffer> {
    this.#running();
    requireBuffer(this.name, this.#buffers, buffer);
    const { id, answer } = this.#workers.requests.open<ArrayBuffer>();
    const place = { address: this.#addressOf(buffer), bytes: buffer.bytes, buffer: buffer.id };
    this.#workers.post(0, {
      type: "read",
      request: id,
      ...place,
      knownFailure: this.#workers.requests.lastFailure,
    });
    return answer;
  }

  free(buffer: EngineBuffer): void {
    if (this.#workers.failure !== undefined) return;
    requireBuffer(this.name, this.#buffers, buffer);
    this.#heap?.free(this.#blocks.get(buffer.id) as HeapBlock);
    this.#freedEarly = true;
    this.#changes++;
    this.#buffers.delete(buffer.id);
    this.#untouched.delete(buffer.id);
    this.#blocks.delete(buffer.id);
    this.#liveBytes -= buffer.bytes;
  }

  compile(program: Program): CompiledProgram {
    const heap = this.#ready();
    const loops = (this.#loops as LoopGenerator).generateLoops(program, {
      shared: heap.memory !== undefined,
      relaxed: this.#relaxed,
    });
    const threadScratchBytes = aligned(threadScratchOf(program));
    heap.growArena(aligned(program.arenaBytes) + threadScratchBytes * this.#threads);
    const compiled: CompiledProgram = { id: this.#nextId++, program };
    this.#programs.set(compiled.id, {
      inputs: boundValues(program, "input"),
      states: boundValues(program, "state"),
      threadScratchBytes,
      last: null,
    });
    this.#workers.provideLate(program.steps);
    this.#workers.postAll({ type: "compile", program: compiled.id, source: program, ...loops });
    return compiled;
  }

  async run(compiled: CompiledProgram, bindings: RunBindings, options: RunOptions = {}): Promise<RunResult> {
    const { arena } = this.#ready();
    const known = this.#programs.get(compiled.id);
    if (known === undefined) throw new EngineError(`${this.name}: this program was released`);
    const { states, packed } = bindings;
    const keep = keptOutputs(compiled.program, bindings);
    const kept = keep.filter((buffer) => buffer !== null);
    // A list that was checked is not checked again as long as no buffer has been freed.
    const isKnown = states === known.last?.states && this.#changes === known.last.changes;
    checkBindings(this.name, compiled.program, known.inputs, isKnown ? [] : known.states, bindings);
    for (const buffer of isKnown ? kept : [...states, ...kept])
      requireBuffer(this.name, this.#buffers, buffer);
    if (packed !== undefined) requireBuffer(this.name, this.#buffers, packed.buffer);
    const pack = packed?.pack === true;
    const staged = this.#staging?.stage(bindings.inputs, this.#earlierRunsDone) ?? null;
    const inputs = staged === null ? bindings.inputs.map(copyOf) : [];
    const { id, answer } = this.#workers.requests.open<RunResult>();
    const packedAt = packed === undefined ? 0 : this.#addressOf(packed.buffer);
    const changes = this.#changes;
    const rest = `${arena.address} ${packedAt} ${pack} ${staged?.addresses}`;
    const { last } = known;
    const isSame =
      kept.length === 0 && states === last?.states && changes === last.changes && rest === last.rest;
    known.last = kept.length === 0 ? { states, changes, rest } : null;
    const common: RunPlaces | null = isSame
      ? null
      : {
          arena: arena.address,
          threadScratch: arena.address + aligned(compiled.program.arenaBytes),
          threadScratchBytes: known.threadScratchBytes,
          states: states.map((state) => this.#addressOf(state)),
          inputsAt: staged?.addresses ?? null,
          packed: packedAt,
          pack,
          buffers: [],
          kept: [],
          keepAt: [],
        };
    const message = {
      type: "run" as const,
      request: id,
      program: compiled.id,
      knownFailure: this.#workers.requests.lastFailure,
      profile: options.profile === true,
    };
    // The first thread needs no help, and waits for none.
    const threads = compiled.program.isSmall === true ? 1 : this.#threads;
    for (let worker = 1; worker < threads; worker++)
      this.#workers.post(worker, { ...message, places: common, written: null, inputs: [] });
    const places = common && {
      ...common,
      buffers: idsOf(states, pack ? undefined : packed?.buffer),
      kept: idsOf(kept, pack ? packed?.buffer : undefined),
      keepAt: keep.map((buffer) => buffer && this.#addressOf(buffer)),
    };
    const transfer = inputs.map((input) => input.buffer);
    const written = staged === null ? null : this.#workers.gate.next();
    try {
      this.#workers.post(0, { ...message, places, written, inputs }, transfer);
    } finally {
      // In any case: the runs after it wait for this one's inputs, too.
      if (staged !== null) {
        staged.write();
        this.#workers.gate.open();
      }
    }
    this.#runs++;
    try {
      return await answer;
    } finally {
      this.#runs--;
      staged?.release();
    }
  }

  release(compiled: CompiledProgram): void {
    if (!this.#programs.delete(compiled.id) || this.#workers.failure !== undefined) return;
    this.#workers.postAll({ type: "release", program: compiled.id });
  }

  memory(): EngineMemory {
    const { arena, limitBytes } = this.#heap ?? { arena: { bytes: 0 }, limitBytes: 2 ** 32 };
    return { liveBytes: this.#liveBytes, arenaBytes: arena.bytes + (this.#staging?.bytes ?? 0), limitBytes };
  }

  joinRanks(channel: SharedArrayBuffer): ArrayBufferLike {
    if (typeof ONE_RANK !== "undefined") throw new EngineError(`${this.name}: a page is one rank`);
    const { memory } = this.#ready();
    if (memory === undefined) throw new EngineError(`${this.name}: ranks need a memory that threads share`);
    // The first worker runs what is not divided among them.
    this.#workers.post(0, { type: "ranks", channel });
    return memory.buffer;
  }

  pending(): number {
    return this.#runs;
  }

  stop(): Promise<void> {
    return this.#workers.stop();
  }

  #heapOrders(): HeapOrders {
    return {
      grow: (pages) => this.#workers.post(0, { type: "grow", pages }),
      move: (from, to, bytes) => {
        const over = () => this.#moves--;
        this.#moves++;
        this.#changes++;
        this.#move(from, to, bytes).then(over, over);
      },
      letGo: () => this.#staging?.letGo(),
    };
  }

  #move(from: number, to: number, bytes: number): Promise<null> {
    const { id, answer } = this.#workers.requests.open<null>();
    this.#workers.post(0, { type: "move", request: id, from, to, bytes });
    return answer;
  }

  /** When nothing that was sent touches free bytes any more; null if that is so now. */
  readonly #earlierRunsDone = (): Promise<unknown> | null => {
    if (this.#isQuiet) return null;
    this.#freedEarly = false;
    // What is sent is done in order: when nothing has been moved after it, all of it is done.
    return this.#move(0, 0, 0);
  };

  get #isQuiet(): boolean {
    return this.#runs + this.#moves === 0 && !this.#freedEarly;
  }

  #addressOf(buffer: EngineBuffer): number {
    return (this.#blocks.get(buffer.id) as HeapBlock).address;
  }

  /** The heap, once the engine was started and while it has not failed. */
  #running(): EngineHeap {
    const { failure } = this.#workers;
    if (failure !== undefined) throw new EngineError(failure);
    if (this.#heap === undefined)
      throw new EngineError(`${this.name}: the engine was not started; call start() first`);
    return this.#heap;
  }

  /** The heap, once programs can be compiled and run. */
  #ready(): EngineHeap {
    const heap = this.#running();
    if (this.#phase !== "done")
      throw new EngineError(`${this.name}: the engine is still starting; wait for start() to resolve`);
    return heap;
  }
}

/** The ids of buffers, and of another if there is one. */
function idsOf(buffers: readonly EngineBuffer[], other: EngineBuffer | undefined): number[] {
  return [...buffers, ...(other === undefined ? [] : [other])].map(({ id }) => id);
}

/** What a thread needs for itself, in any of the steps. */
function threadScratchOf({ steps }: Program): number {
  return steps.reduce((most, { plan }) => Math.max(most, plan.threadScratchBytes), 0);
}

/** Whether memory can be shared with workers: always in Node.js, in pages that are cross-origin isolated. */
function canShare(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  return inNode() || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
}
