/**
 * The workers of a CPU engine, as the main thread sees them: a pool of them, one message queue each, the requests that
 * have not been answered, and what has failed.
 */
import { LATE_KERNELS } from "#late_kernels";
import { EngineError } from "../../base/errors.ts";
import { type ErrorRecord, reviveError } from "../../workers/errors_across.ts";
import { EngineWorkerPool, type RequestAnswer, Requests } from "../../workers/worker_messages.ts";
import type { TransferList } from "../../workers/worker_port.ts";
import type { ProgramStep } from "../contract/engine.ts";
import type { CpuKernels } from "./cpu_kernels.ts";
import type { CpuMessage, CpuReply } from "./cpu_messages.ts";
import { InputGate, makeControl, RunCounter } from "./threads/parallel_regions.ts";

/** What the workers compute on. */
export interface WorkerMachine {
  readonly threads: number;
  /** Whether they share the memory. */
  readonly sharing: boolean;
  /** The shared memory; undefined if the one worker makes a memory of its own. */
  readonly memory: WebAssembly.Memory | undefined;
  /** Whether the kernels may use relaxed SIMD. */
  readonly relaxed: boolean;
}

/** What is known of the workers when they are ready. */
export interface StartedWorkers {
  /** What the kernels say of themselves, for people; null if nothing. */
  readonly description: string | null;
  /** Why the kernels that were to be used are not; null if they are. */
  readonly problem: string | null;
}

export class CpuWorkers {
  readonly requests = new Requests((keep) => this.#pool.keepAlive(keep));
  /** Of the workers that have started. */
  gate: InputGate = new InputGate(makeControl(1, false));
  #runs = new RunCounter(makeControl(1, false), 1);
  #kernels: CpuKernels;
  #pool = new EngineWorkerPool();
  #threads = 1;
  #machine: WorkerMachine | undefined;
  #hasLateKernels = false;
  #hasLateBinary = false;
  #lateLoads = 0;
  #failure: string | undefined;
  /** Replies that wait for another worker's error, and such errors. */
  readonly #replies: RequestAnswer[] = [];
  readonly #helperErrors = new Map<number, ErrorRecord>();

  constructor(kernels: CpuKernels) {
    this.#kernels = kernels;
  }

  get kernels(): CpuKernels {
    return this.#kernels;
  }

  /** Why nothing can be asked of the workers any more; undefined as long as all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Starts the workers, with other kernels `instead` if those that there are cannot start. Messages that were posted in
   * the meantime are sent when the workers are ready.
   *
   * @throws EngineError that says what kept the last kernels from starting; the workers have ended.
   */
  async start(machine: WorkerMachine, instead: CpuKernels | null): Promise<StartedWorkers> {
    this.#threads = machine.threads;
    this.#machine = machine;
    try {
      const started = await this.#startAny(machine, instead);
      this.#pool.open();
      return started;
    } catch (error) {
      this.fail(`${this.#kernels.name}: cannot start: ${(error as Error).message}`);
      await this.#end();
      throw new EngineError(this.#failure as string);
    }
  }

  async #startAny(machine: WorkerMachine, instead: CpuKernels | null): Promise<StartedWorkers> {
    try {
      return { description: await this.#startWith(machine), problem: null };
    } catch (error) {
      if (this.#failure !== undefined || instead === null) throw error;
      const problem = `${this.#kernels.name} cannot start: ${(error as Error).message}`;
      await this.#replace(instead);
      return { description: await this.#startWith(machine), problem };
    }
  }

  post(worker: number, message: CpuMessage, transfer?: TransferList): void {
    if (message.type === "run") this.#runs.add(worker);
    this.#pool.post(worker, message, transfer);
  }

  postAll(message: CpuMessage): void {
    for (let worker = 0; worker < this.#threads; worker++) this.post(worker, message);
  }

  /** Sees to it that the workers have the kernels of these steps before they get what is posted from here on. */
  provideLate(steps: readonly ProgramStep[]): void {
    const late = this.#hasLateKernels ? undefined : LATE_KERNELS;
    const onHost = late && steps.find(({ op, plan }) => plan.place === "host" && late.has(op));
    if (late !== undefined && onHost !== undefined) {
      this.#hasLateKernels = true;
      const load = async (): Promise<CpuMessage> => ({
        type: "hostKernels",
        script: (await late.source()).default,
      });
      this.#introduceLate(load, onHost.op, "reference_kernels");
    }
    const loadBinary = this.#hasLateBinary ? undefined : this.#kernels.loadLateBinary;
    const onDevice = loadBinary && steps.find(({ plan }) => plan.late === true);
    if (loadBinary !== undefined && onDevice !== undefined) {
      this.#hasLateBinary = true;
      const { relaxed, sharing } = this.#machine as WorkerMachine;
      const load = async (): Promise<CpuMessage> => ({
        type: "binary",
        binary: await loadBinary(relaxed, sharing),
      });
      this.#introduceLate(load, onDevice.op, relaxed ? "late_relaxed" : "late_simd");
    }
  }

  /** @param script - what has the kernel of `op`. */
  async #introduceLate(load: () => Promise<CpuMessage>, op: string, script: string): Promise<void> {
    const pool = this.#pool;
    pool.close();
    this.#lateLoads++;
    try {
      const message = await load();
      pool.introduce(() => message);
      if (--this.#lateLoads === 0) pool.open();
    } catch (error) {
      this.fail(
        `${this.#kernels.name}: the script with the kernel of \`${op}\` (${script}) cannot be loaded: ` +
          `${(error as Error).message}; serve every script of the package or of the bundle, and reload the page`,
      );
      await this.#end();
    }
  }

  fail(reason: string): void {
    this.#failure ??= reason;
    this.requests.rejectAll(reason);
  }

  async stop(): Promise<void> {
    this.fail(`${this.#kernels.name}: the engine was stopped`);
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#kernels.close?.();
    await this.#pool.stop();
  }

  async #replace(kernels: CpuKernels): Promise<void> {
    const [before, pool] = [this.#kernels, this.#pool];
    this.#kernels = kernels;
    this.#pool = new EngineWorkerPool(pool.takeWaiting());
    this.#pool.keepAlive(this.requests.size > 0);
    await before.close?.();
    await pool.stop();
  }

  /** Resolves with what the first worker's kernels say of themselves when every worker is ready. */
  async #startWith(machine: WorkerMachine): Promise<string | null> {
    const ready = Array.from({ length: machine.threads }, () => this.requests.open<string | null>());
    const said = Promise.all(ready.map(({ answer }) => answer));
    said.catch(() => {});
    try {
      await this.#introduce(
        machine,
        ready.map(({ id }) => id),
      );
      return (await said)[0];
    } catch (error) {
      for (const { id } of ready) this.requests.reject(id, error as Error);
      throw error;
    }
  }

  async #introduce(machine: WorkerMachine, requests: readonly number[]): Promise<void> {
    const { threads, sharing, memory, relaxed } = machine;
    const [pool, kernels] = [this.#pool, this.#kernels];
    const loading = kernels.load(relaxed, sharing);
    loading.catch(() => {});
    const settings = kernels.open?.(threads, (message) => this.post(0, { type: "kernels", message }));
    await pool.start(
      threads,
      (listeners) => kernels.startWorker(listeners),
      (message) => this.#receive(message as CpuReply),
      (reason, worker) => {
        kernels.workerEnded?.(worker);
        this.#workerFailed(reason, requests[worker]);
      },
    );
    const binaries = await loading;
    const control = makeControl(threads, sharing);
    this.gate = new InputGate(control);
    this.#runs = new RunCounter(control, threads);
    pool.introduce(
      (thread): CpuMessage => ({
        type: "start",
        request: requests[thread],
        thread,
        threads,
        memory,
        binaries,
        control,
        settings,
      }),
    );
  }

  /** A worker that ends before it is ready is a start that failed; later, an engine that failed. */
  #workerFailed(reason: string, starting: number): void {
    if (!this.requests.reject(starting, new EngineError(`a worker failed: ${reason}`))) {
      this.fail(`${this.#kernels.name}: a worker failed: ${reason}`);
    }
  }

  /** Answers in the order of the requests; a run that failed on another worker waits for that worker's error. */
  #receive(reply: CpuReply): void {
    if ("message" in reply) {
      this.#kernels.autotuning?.receive(reply.message);
    } else if ("helperError" in reply) {
      if (this.requests.has(reply.request)) this.#helperErrors.set(reply.request, reply.helperError);
    } else {
      this.#replies.push(reply);
    }
    while (this.#replies.length > 0 && this.#answer(this.#replies[0])) this.#replies.shift();
  }

  /** @returns whether everything that the answer needs has arrived. */
  #answer(reply: RequestAnswer): boolean {
    const { request } = reply;
    if ("value" in reply) {
      this.requests.resolve(request, reply.value);
    } else if ("failedRun" in reply && reply.failedRun !== request) {
      this.requests.failWithAnother(request);
    } else {
      const error = "error" in reply ? reply.error : this.#helperErrors.get(request);
      if (error === undefined) return false;
      this.#helperErrors.delete(request);
      this.requests.fail(request, reviveError(error));
    }
    return true;
  }
}
