/**
 * The reference engine: every op as a plain TypeScript loop, in one worker. It is slow and readable on
 * purpose: it defines what each op computes, and the other engines are tested against it.
 */

import { startWorker } from "#workers";
import { DTYPES, type TypedArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { reviveError } from "../../workers/errors_across.ts";
import { EngineWorkerPool, type RequestAnswer, Requests } from "../../workers/worker_messages.ts";
import type { WorkerScript } from "../../workers/worker_port.ts";
import {
  type CompiledProgram,
  type Engine,
  type EngineBuffer,
  type EngineCapabilities,
  type EngineMemory,
  ON_HOST,
  type Program,
  type RunBindings,
  type RunOptions,
  type RunResult,
  type StepPlan,
} from "../contract/engine.ts";
import {
  boundValues,
  checkBindings,
  copyOf,
  formatBytes,
  keptOutputs,
  requireBuffer,
} from "../contract/run_program.ts";
import { REFERENCE_KERNELS } from "./kernels.ts";
import type { ReferenceRequest } from "./reference_messages.ts";

/** What one typed array may hold, whatever the machine's memory. */
const LIMIT_BYTES = 2 ** 32;

const BY_ITS_KERNEL: StepPlan = { ...ON_HOST, place: "device" };

/**
 * Runs programs with the plain loops of `REFERENCE_KERNELS`.
 *
 * @example
 * ```ts
 * import { ReferenceEngine } from "convoyant/engines/reference";
 * const engine = new ReferenceEngine();
 * const { dtypes } = (await engine.start()).limits;
 * await engine.stop();
 * ```
 */
export class ReferenceEngine implements Engine {
  readonly name = "reference";
  #started = false;
  readonly #pool = new EngineWorkerPool();
  #failure: string | undefined;
  #nextId = 1;
  #liveBytes = 0;
  #runs = 0;
  readonly #buffers = new Map<number, EngineBuffer>();
  readonly #programs = new Map<number, { inputs: number[]; states: number[] }>();
  readonly #requests = new Requests((keep) => this.#pool.keepAlive(keep));

  async start(): Promise<EngineCapabilities> {
    if (this.#started) throw new EngineError("reference: the engine was already started");
    this.#started = true;
    const ready = this.#requests.open<null>();
    this.#start(ready.id).catch((error: Error) => this.#fail(`reference: cannot start: ${error.message}`));
    await ready.answer;
    return {
      name: this.name,
      threads: 1,
      detail: "plain TypeScript loops",
      bfloat16: false,
      limits: { dtypes: DTYPES, alignment: 1, bindings: Number.POSITIVE_INFINITY, memoryBytes: LIMIT_BYTES },
      plan: ({ op }) => (Object.hasOwn(REFERENCE_KERNELS, op) ? BY_ITS_KERNEL : null),
      fuses: () => false,
    };
  }

  async #start(request: number): Promise<void> {
    await this.#pool.start(
      1,
      (listeners) => startWorker(SCRIPT, listeners),
      (message) => this.#receive(message as RequestAnswer),
      (reason) => this.#fail(`reference: the worker failed: ${reason}`),
    );
    this.#pool.introduce((): ReferenceRequest => ({ type: "start", request }));
    this.#pool.open();
  }

  allocate(bytes: number): EngineBuffer {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > LIMIT_BYTES) {
      throw new EngineError(
        `reference: a buffer of ${bytes} bytes cannot be allocated; one buffer holds at most ${formatBytes(LIMIT_BYTES)}`,
      );
    }
    const buffer: EngineBuffer = { id: this.#nextId++, bytes };
    this.#post({ type: "allocate", buffer: buffer.id, bytes });
    this.#buffers.set(buffer.id, buffer);
    this.#liveBytes += bytes;
    return buffer;
  }

  write(buffer: EngineBuffer, data: TypedArray): void {
    requireBuffer(this.name, this.#buffers, buffer);
    if (data.byteLength > buffer.bytes) {
      throw new EngineError(
        `reference: ${data.byteLength} bytes do not fit a buffer of ${buffer.bytes} bytes`,
      );
    }
    const copy = copyOf(data);
    this.#post({ type: "write", buffer: buffer.id, data: copy }, [copy.buffer]);
  }

  async read(buffer: EngineBuffer): Promise<ArrayBuffer> {
    requireBuffer(this.name, this.#buffers, buffer);
    const knownFailure = this.#requests.lastFailure;
    return this.#ask((request) => ({ type: "read", request, buffer: buffer.id, knownFailure }));
  }

  free(buffer: EngineBuffer): void {
    if (this.#failure !== undefined) return;
    requireBuffer(this.name, this.#buffers, buffer);
    this.#buffers.delete(buffer.id);
    this.#liveBytes -= buffer.bytes;
    this.#post({ type: "free", buffer: buffer.id });
  }

  compile(program: Program): CompiledProgram {
    const compiled: CompiledProgram = { id: this.#nextId++, program };
    this.#post({ type: "compile", program: compiled.id, source: program });
    this.#programs.set(compiled.id, {
      inputs: boundValues(program, "input"),
      states: boundValues(program, "state"),
    });
    return compiled;
  }

  async run(compiled: CompiledProgram, bindings: RunBindings, options: RunOptions = {}): Promise<RunResult> {
    const known = this.#programs.get(compiled.id);
    if (known === undefined) throw new EngineError("reference: this program was released");
    checkBindings(this.name, compiled.program, known.inputs, known.states, bindings);
    for (const state of bindings.states) requireBuffer(this.name, this.#buffers, state);
    const keep = keptOutputs(compiled.program, bindings);
    const kept = keep.filter((buffer) => buffer !== null);
    for (const buffer of kept) requireBuffer(this.name, this.#buffers, buffer);
    const inputs = bindings.inputs.map(copyOf);
    this.#runs++;
    try {
      return await this.#ask<RunResult>(
        (request) => ({
          type: "run",
          request,
          program: compiled.id,
          inputs,
          buffers: bindings.states.map((state) => state.id),
          kept: kept.map(({ id }) => id),
          keep: keep.map((buffer) => buffer?.id ?? null),
          knownFailure: this.#requests.lastFailure,
          profile: options.profile === true,
        }),
        inputs.map((input) => input.buffer),
      );
    } finally {
      this.#runs--;
    }
  }

  release(compiled: CompiledProgram): void {
    if (this.#programs.delete(compiled.id) && this.#failure === undefined)
      this.#post({ type: "release", program: compiled.id });
  }

  memory(): EngineMemory {
    return { liveBytes: this.#liveBytes, arenaBytes: 0, limitBytes: LIMIT_BYTES };
  }

  pending(): number {
    return this.#runs;
  }

  async stop(): Promise<void> {
    this.#fail("reference: the engine was stopped");
    await this.#pool.stop();
  }

  #post(message: ReferenceRequest, transfer?: ArrayBuffer[]): void {
    if (this.#failure !== undefined) throw new EngineError(this.#failure);
    if (!this.#started) throw new EngineError("reference: the engine was not started; call start() first");
    this.#pool.post(0, message, transfer);
  }

  #ask<T>(message: (request: number) => ReferenceRequest, transfer?: ArrayBuffer[]): Promise<T> {
    const { id, answer } = this.#requests.open<T>();
    try {
      this.#post(message(id), transfer);
    } catch (error) {
      this.#requests.reject(id, error as Error);
    }
    return answer;
  }

  #receive(reply: RequestAnswer): void {
    if ("error" in reply) this.#requests.fail(reply.request, reviveError(reply.error));
    else if ("failedRun" in reply) this.#requests.failWithAnother(reply.request);
    else this.#requests.resolve(reply.request, reply.value);
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#requests.rejectAll(reason);
  }
}

const SCRIPT: WorkerScript = {
  url: () => new URL("./reference_worker.js", import.meta.url),
  source: () => import("#worker_sources/reference_worker"),
  here: () => import("./reference_worker.ts"),
};
