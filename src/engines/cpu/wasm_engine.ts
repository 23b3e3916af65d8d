/**
 * The wasm engine: SIMD kernels and generated loops over one WebAssembly memory that its workers share.
 *
 * This side only keeps the books: which bytes of the memory belong to which buffer, and one message queue per
 * worker. All workers receive the same runs in the same order and walk them together (`run_walk.ts`); reading,
 * writing and clearing of buffers goes to the first worker, in order with its runs.
 */

import type { TypedArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { type ErrorRecord, reviveError } from "../../workers/errors_across.ts";
import { mostThreads, processors } from "../../workers/processors.ts";
import { Requests } from "../../workers/requests.ts";
import { StopGate } from "../../workers/stop_gate.ts";
import type { TransferList } from "../../workers/worker_port.ts";
import { inNode } from "../../workers/worker_port.ts";
import { WorkerTeam } from "../../workers/worker_team.ts";
import type {
  Autotuning,
  CompiledProgram,
  Engine,
  EngineBuffer,
  EngineCapabilities,
  EngineInfo,
  EngineMemory,
  Program,
  RunBindings,
  RunResult,
  StepPlan,
  StepSpec,
} from "../contract/engine.ts";
import { boundValues, checkBindings, copyOf, requireBuffer } from "../contract/run_program.ts";
import { wantsPortable } from "../portable.ts";
import { loadKernels, simdSupport } from "../wasm/kernel_binary.ts";
import { planKernel } from "../wasm/kernels/registry.ts";
import { startWasmWorker } from "../wasm/start_worker.ts";
import type { EngineExtension } from "./engine_extension.ts";
import type { FusedPlan } from "./loops/fused_module.ts";
import { generateModule } from "./loops/fused_module.ts";
import { roundUp } from "./memory/address_space.ts";
import { EngineHeap, type HeapBlock, type HeapOrders } from "./memory/engine_heap.ts";
import { InputStaging } from "./memory/input_staging.ts";
import { eitherPlan, isFused, loopOf, planLoop, planOfKernel } from "./step_plans.ts";
import { makeControl } from "./threads/thread_barrier.ts";
import type { WasmAnswer, WasmMessage, WasmReply, WasmRunAnswer } from "./wasm_messages.ts";

export interface WasmEngineOptions {
  /** How many threads; by default as many as there are processors. */
  readonly threads?: number;
  /** Bytes that buffers and programs may take at most; by default 4 GiB. */
  readonly memoryLimit?: number;
  /** Without relaxed SIMD, whose results depend on the processor and the run-time. */
  readonly portable?: boolean;
  /** Runs every op by its reference kernel: for finding out which kernel is at fault. */
  readonly referenceOnly?: boolean;
}

interface KnownProgram {
  readonly inputs: readonly number[];
  readonly states: readonly number[];
  readonly threadScratchBytes: number;
}

/**
 * Runs programs in WebAssembly.
 *
 * @throws EngineError from `start` where the run-time has no SIMD or the kernels cannot be loaded; from
 * `allocate` and `compile` where the memory does not suffice.
 * @example
 * const engine = new WasmEngine({ threads: 2 });
 * await engine.start();
 */
export class WasmEngine implements Engine {
  readonly capabilities: EngineCapabilities;

  readonly #options: WasmEngineOptions;
  #extension: EngineExtension | undefined;
  #team = new WorkerTeam();
  readonly #requests = new Requests((keep) => this.#team.keepAlive(keep));
  readonly #buffers = new Map<number, EngineBuffer>();
  readonly #blocks = new Map<number, HeapBlock>();
  readonly #programs = new Map<number, KnownProgram>();
  #gate: StopGate | undefined;
  #failure: string | undefined;
  #started = false;
  #threads = 1;
  #relaxed = false;
  #heap: EngineHeap | undefined;
  #staging: InputStaging | undefined;
  /** Replies that wait for another worker's error, and such errors. */
  readonly #replies: WasmAnswer[] = [];
  readonly #helperErrors = new Map<number, ErrorRecord>();
  /** Whether bytes were freed that the workers may still be about to clear or write. */
  #freedEarly = false;
  #nextId = 1;
  #liveBytes = 0;
  #runs = 0;
  #moves = 0;

  constructor(options: WasmEngineOptions = {}, extension?: EngineExtension) {
    const { threads } = options;
    this.#extension = extension;
    extension?.connect?.((order) => this.#post(0, { type: "order", order }));
    if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > mostThreads())) {
      throw new EngineError(
        `${this.name}: threads must be an integer from 1 to ${mostThreads()}, got ${threads}`,
      );
    }
    this.#options = options;
    const own = options.referenceOnly !== true;
    this.capabilities = { fusion: own, plan: (step) => (own ? this.#plan(step) : null) };
  }

  #plan(step: StepSpec): StepPlan | null {
    if (isFused(step)) return planLoop(step);
    const kernel = planKernel(step);
    return eitherPlan(this.#extension?.plan(step) ?? null, kernel && planOfKernel(kernel));
  }

  get autotuning(): Autotuning | undefined {
    return this.#extension?.autotuning;
  }

  get name(): string {
    return this.#extension?.name ?? "wasm";
  }

  async start(): Promise<EngineInfo> {
    if (this.#started) throw new EngineError(`${this.name}: the engine was already started`);
    this.#started = true;
    const support = simdSupport();
    const portable = this.#options.portable ?? wantsPortable();
    this.#relaxed = support.relaxed && !portable;
    const sharing = canShare();
    try {
      if (!support.simd)
        throw new EngineError("this run-time has no WebAssembly SIMD; use the reference engine");
      this.#threads = sharing ? (this.#options.threads ?? processors()) : 1;
      this.#heap = new EngineHeap(sharing, this.#heapOrders(), this.#options.memoryLimit);
      if (this.#heap.memory !== undefined) this.#staging = new InputStaging(this.#heap, this.#heap.memory);
    } catch (error) {
      this.#fail(`${this.name}: cannot start: ${(error as Error).message}`);
      throw new EngineError(this.#failure);
    }
    if (sharing && this.#extension !== undefined) this.#gate = StopGate.open(this.#threads);
    const simd = this.#relaxed ? "relaxed SIMD" : portable ? "SIMD, portable" : "SIMD";
    const own = `${simd}${sharing ? "" : ", memory not shared"}`;
    const starting = this.#startWorkers(sharing)
      .then((added) => added ?? own)
      .catch(async (error: Error) => `${own}; ${await this.#startPlain(sharing, error)}`);
    const detail = await starting.catch(async (error: Error) => {
      this.#fail(`${this.name}: cannot start: ${error.message}`);
      await this.#endWorkers();
      throw new EngineError(this.#failure as string);
    });
    this.#team.open();
    const bfloat16 = this.#extension?.bfloat16?.() ?? false;
    return { name: this.name, threads: this.#threads, detail, bfloat16 };
  }

  allocate(bytes: number): EngineBuffer {
    const heap = this.#running();
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new EngineError(`${this.name}: a buffer of ${bytes} bytes cannot be allocated`);
    }
    const block = heap.allocate(bytes, "a buffer");
    const buffer: EngineBuffer = { id: this.#nextId++, bytes };
    this.#buffers.set(buffer.id, buffer);
    this.#blocks.set(buffer.id, block);
    this.#liveBytes += bytes;
    if (bytes > 0) this.#post(0, { type: "clear", address: block.address, bytes });
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
    const copy = copyOf(data);
    this.#post(0, { type: "write", address: this.#addressOf(buffer), data: copy }, [copy.buffer]);
  }

  async read(buffer: EngineBuffer): Promise<ArrayBuffer> {
    this.#running();
    requireBuffer(this.name, this.#buffers, buffer);
    const { id, answer } = this.#requests.open<ArrayBuffer>();
    const place = { address: this.#addressOf(buffer), bytes: buffer.bytes, buffer: buffer.id };
    this.#post(0, { type: "read", request: id, ...place, knownFailure: this.#requests.lastFailure });
    return answer;
  }

  free(buffer: EngineBuffer): void {
    if (this.#failure !== undefined) return;
    requireBuffer(this.name, this.#buffers, buffer);
    this.#heap?.free(this.#blocks.get(buffer.id) as HeapBlock);
    this.#freedEarly = true;
    this.#buffers.delete(buffer.id);
    this.#blocks.delete(buffer.id);
    this.#liveBytes -= buffer.bytes;
  }

  compile(program: Program): CompiledProgram {
    const heap = this.#running();
    const fused: (FusedPlan | undefined)[] = program.steps.map(() => undefined);
    const fusedSteps = program.steps.flatMap((step, i) => (isFused(step) ? [i] : []));
    let generated: Uint8Array<ArrayBuffer> | undefined;
    if (fusedSteps.length > 0) {
      const loops = fusedSteps.map((i) => loopOf(program.steps[i]));
      const module = generateModule(loops, { shared: heap.memory !== undefined, relaxed: this.#relaxed });
      fusedSteps.forEach((step, i) => {
        fused[step] = module.plans[i];
      });
      generated = module.bytes;
    }
    const threadScratchBytes = roundUp(threadScratchOf(program));
    heap.growArena(roundUp(program.arenaBytes) + threadScratchBytes * this.#threads);
    const compiled: CompiledProgram = { id: this.#nextId++, program };
    this.#programs.set(compiled.id, {
      inputs: boundValues(program, "input"),
      states: boundValues(program, "state"),
      threadScratchBytes,
    });
    this.#postAll({ type: "compile", program: compiled.id, source: program, generated, fused });
    return compiled;
  }

  async run(
    compiled: CompiledProgram,
    bindings: RunBindings,
    options: { profile?: boolean } = {},
  ): Promise<RunResult> {
    const { arena } = this.#running();
    const known = this.#programs.get(compiled.id);
    if (known === undefined) throw new EngineError(`${this.name}: this program was released`);
    checkBindings(this.name, compiled.program, known.inputs, known.states, bindings);
    for (const state of bindings.states) requireBuffer(this.name, this.#buffers, state);
    const staged = this.#staging?.stage(bindings.inputs, this.#settled) ?? null;
    const inputs = staged === null ? bindings.inputs.map(copyOf) : [];
    const { id, answer } = this.#requests.open<WasmRunAnswer>();
    const common = {
      type: "run" as const,
      request: id,
      program: compiled.id,
      arena: arena.address,
      threadScratch: arena.address + roundUp(compiled.program.arenaBytes),
      threadScratchBytes: known.threadScratchBytes,
      states: bindings.states.map((state) => this.#addressOf(state)),
      inputsAt: staged?.addresses ?? null,
      knownFailure: this.#requests.lastFailure,
      profile: options.profile === true,
    };
    for (let worker = 1; worker < this.#threads; worker++)
      this.#post(worker, { ...common, inputs: [], buffers: [] });
    this.#post(
      0,
      { ...common, inputs, buffers: bindings.states.map((state) => state.id) },
      inputs.map((input) => input.buffer),
    );
    this.#runs++;
    try {
      return await answer;
    } finally {
      this.#runs--;
      staged?.release();
    }
  }

  release(compiled: CompiledProgram): void {
    if (!this.#programs.delete(compiled.id) || this.#failure !== undefined) return;
    this.#postAll({ type: "release", program: compiled.id });
  }

  memory(): EngineMemory {
    const { arena, limitBytes } = this.#heap ?? { arena: { bytes: 0 }, limitBytes: 2 ** 32 };
    return { liveBytes: this.#liveBytes, arenaBytes: arena.bytes + (this.#staging?.bytes ?? 0), limitBytes };
  }

  pending(): number {
    return this.#runs;
  }

  async stop(): Promise<void> {
    this.#fail(`${this.name}: the engine was stopped`);
    await this.#endWorkers();
  }

  async #endWorkers(): Promise<void> {
    await this.#gate?.close();
    await this.#team.stop();
  }

  /**
   * Starts without the extension that could not start, where that will do; what was asked for in the meantime is
   * computed by the wasm engine's kernels.
   *
   * @returns a word on what is missing.
   * @throws the extension's error where it will not do.
   */
  async #startPlain(sharing: boolean, problem: Error): Promise<string> {
    if (this.#failure !== undefined || this.#extension?.optional !== true) throw problem;
    const missing = `${this.name} cannot start: ${problem.message}`;
    const [gate, team] = [this.#gate, this.#team];
    this.#extension = undefined;
    this.#gate = undefined;
    this.#team = new WorkerTeam(team.takeWaiting());
    this.#team.keepAlive(this.#requests.size > 0);
    await gate?.close();
    await team.stop();
    await this.#startWorkers(sharing);
    return missing;
  }

  /** Resolves with what the extension says of itself when every worker is ready. */
  async #startWorkers(sharing: boolean): Promise<string | null> {
    const ready = Array.from({ length: this.#threads }, () => this.#requests.open<string | null>());
    const said = Promise.all(ready.map(({ answer }) => answer));
    said.catch(() => {});
    try {
      await this.#introduceWorkers(
        ready.map(({ id }) => id),
        sharing,
      );
      return (await said)[0];
    } catch (error) {
      for (const { id } of ready) this.#requests.reject(id, error as Error);
      throw error;
    }
  }

  async #introduceWorkers(requests: readonly number[], sharing: boolean): Promise<void> {
    const loading = loadKernels(this.#relaxed, sharing);
    loading.catch(() => {});
    const [team, gate] = [this.#team, this.#gate];
    await team.start(
      this.#threads,
      this.#extension?.startWorker ?? startWasmWorker,
      (message) => this.#receive(message as WasmReply),
      (reason, worker) => {
        gate?.forget(worker);
        this.#workerFailed(reason, requests[worker]);
      },
    );
    const kernels = await loading;
    const control = makeControl(this.#threads, sharing);
    team.introduce(
      (thread): WasmMessage => ({
        type: "start",
        request: requests[thread],
        thread,
        threads: this.#threads,
        memory: this.#heap?.memory,
        kernels,
        control,
        gate: gate?.words,
        settings: this.#extension?.settings,
      }),
    );
  }

  /** A worker that ends before it is ready is a start that failed; later, an engine that failed. */
  #workerFailed(reason: string, starting: number): void {
    if (!this.#requests.reject(starting, new EngineError(`a worker failed: ${reason}`))) {
      this.#fail(`${this.name}: a worker failed: ${reason}`);
    }
  }

  #heapOrders(): HeapOrders {
    return {
      grow: (pages) => this.#post(0, { type: "grow", pages }),
      move: (from, to, bytes) => {
        const over = () => this.#moves--;
        this.#moves++;
        this.#move(from, to, bytes).then(over, over);
      },
      letGo: () => this.#staging?.letGo(),
    };
  }

  #move(from: number, to: number, bytes: number): Promise<null> {
    const { id, answer } = this.#requests.open<null>();
    this.#post(0, { type: "move", request: id, from, to, bytes });
    return answer;
  }

  /** When nothing that was sent touches free bytes any more; null if that is so now. */
  readonly #settled = (): Promise<unknown> | null => {
    if (this.#runs + this.#moves === 0 && !this.#freedEarly) return null;
    this.#freedEarly = false;
    // What is sent is done in order: when nothing has been moved after it, all of it is done.
    return this.#move(0, 0, 0);
  };

  #addressOf(buffer: EngineBuffer): number {
    return (this.#blocks.get(buffer.id) as HeapBlock).address;
  }

  /** The heap, once the engine was started and while it has not failed. */
  #running(): EngineHeap {
    if (this.#failure !== undefined) throw new EngineError(this.#failure);
    if (this.#heap === undefined)
      throw new EngineError(`${this.name}: the engine was not started; call start() first`);
    return this.#heap;
  }

  #post(worker: number, message: WasmMessage, transfer?: TransferList): void {
    this.#team.post(worker, message, transfer);
  }

  #postAll(message: WasmMessage): void {
    for (let worker = 0; worker < this.#threads; worker++) this.#post(worker, message);
  }

  /** Answers in the order of the requests; a run that failed on another worker waits for that worker's error. */
  #receive(reply: WasmReply): void {
    if ("note" in reply) {
      this.#extension?.receive?.(reply.note);
    } else if ("helperError" in reply) {
      if (this.#requests.has(reply.request)) this.#helperErrors.set(reply.request, reply.helperError);
    } else {
      this.#replies.push(reply);
    }
    while (this.#replies.length > 0 && this.#answer(this.#replies[0])) this.#replies.shift();
  }

  /** @returns whether all is here that it takes. */
  #answer(reply: WasmAnswer): boolean {
    const { request } = reply;
    if ("value" in reply) {
      this.#requests.resolve(request, reply.value);
    } else if ("failedRun" in reply && reply.failedRun !== request) {
      this.#requests.failWithAnother(request);
    } else {
      const error = "error" in reply ? reply.error : this.#helperErrors.get(request);
      if (error === undefined) return false;
      this.#helperErrors.delete(request);
      this.#requests.fail(request, reviveError(error));
    }
    return true;
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#requests.rejectAll(reason);
  }
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
