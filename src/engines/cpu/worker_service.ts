/**
 * What a worker of a CPU engine does, the same on every thread. In this order: the messages that it answers; a program
 * made ready on one thread, and its runs; the rounds that a run consists of.
 */
import { hostKernels, importHostKernels } from "#host_kernels";
import { listen } from "#workers";
import { isError } from "../../base/builtin_kinds.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { joinChannel } from "../../workers/collective_channel.ts";
import { recordError } from "../../workers/errors_across.ts";
import type { WorkerPort } from "../../workers/worker_port.ts";
import type { Program, ProgramStep, RunResult, StepTiming } from "../contract/engine.ts";
import { FailedWrites, PARTLY_WRITTEN, wroteBefore } from "../contract/failed_writes.ts";
import {
  aliasRoots,
  boundValues,
  type CommitPlan,
  planCommits,
  valueBytes,
} from "../contract/run_program.ts";
import { callReference } from "../reference/reference_step.ts";
import type { OpenKernels, ProgramKernels, WorkerKernels } from "./cpu_kernels.ts";
import type { CompileMessage, CpuMessage, RunMessage, RunPlaces, StartMessage } from "./cpu_messages.ts";
import { type KernelExports, type KernelStage, kernelExports } from "./kernel.ts";
import { fusedImports, fusedKernel } from "./loops/fused_module.ts";
import { MemoryViews } from "./memory/engine_heap.ts";
import { IdleThread, InputGate, ParallelRegions, shareControl } from "./threads/parallel_regions.ts";
import { dealUnits, type Unit, WorkShares } from "./threads/work_shares.ts";

let context: WorkerContext | undefined;
const programs = new Map<number, PreparedProgram | { readonly failure: unknown; readonly source: Program }>();
const placesOfLastRun = new Map<number, RunPlaces>();
/** Kept by the first thread, which decides for all. */
const failedWrites = new FailedWrites();

/** Answers the engine's messages from here on. */
export function serve(open: OpenKernels): void {
  const port = listen((message) => {
    const request = message as CpuMessage;
    try {
      receive(request, port, open);
    } catch (error) {
      if (!("request" in request)) throw error;
      port.post({ request: request.request, error: recordError(error) });
    }
  });
}

function receive(request: CpuMessage, port: WorkerPort, open: OpenKernels): void {
  if (request.type === "start") {
    context = start(request, open, (message) => port.post({ message }));
    port.post({ request: request.request, value: context.kernels.description });
    return;
  }
  if (context === undefined) throw new Error("the worker was not started");
  const { views } = context;
  switch (request.type) {
    case "grow":
      views.grow(request.pages);
      break;
    case "clear":
      views.bytes(request.address, request.bytes).fill(0);
      break;
    case "write":
      views.bytes(request.address, request.data.byteLength).set(request.data);
      break;
    case "move":
      views.bytes(request.to, request.bytes).set(views.bytes(request.from, request.bytes));
      port.post({ request: request.request, value: null });
      break;
    case "read": {
      const failedRun = failedWrites.cause([request.buffer], request.knownFailure);
      if (failedRun !== undefined) {
        port.post({ request: request.request, failedRun });
        break;
      }
      const copy = new Uint8Array(request.bytes);
      copy.set(views.bytes(request.address, request.bytes));
      port.post({ request: request.request, value: copy.buffer }, [copy.buffer]);
      break;
    }
    case "compile":
      // A program that cannot be made ready fails at its runs, on every thread alike.
      try {
        programs.set(request.program, new PreparedProgram(context, request));
      } catch (failure) {
        programs.set(request.program, { failure, source: request.source });
      }
      break;
    case "release": {
      const program = programs.get(request.program);
      if (program instanceof PreparedProgram) program.release();
      programs.delete(request.program);
      placesOfLastRun.delete(request.program);
      break;
    }
    case "hostKernels":
      importHostKernels(request.script);
      break;
    case "binary":
      Object.assign(context.exports, kernelExports([request.binary], views.memory));
      break;
    case "ranks":
      if (typeof ONE_RANK === "undefined") joinChannel(request.channel);
      break;
    case "kernels":
      context.kernels.receive?.(request.message);
      break;
    case "run":
      context.idle.begin();
      run(context, request, port);
      context.idle.end();
      break;
  }
}

function start(message: StartMessage, open: OpenKernels, post: (message: unknown) => void): WorkerContext {
  const memory = message.memory ?? new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const { thread, threads, settings } = message;
  const kernels = open({ memory, thread, threads, settings, post });
  return {
    views: new MemoryViews(memory),
    exports: kernelExports(message.binaries, memory),
    regions: new ParallelRegions(message.control, thread, threads, kernels.processor),
    idle: new IdleThread(message.control, thread, threads, kernels.processor),
    gate: new InputGate(message.control),
    shares: new WorkShares(shareControl(message.control), thread, threads),
    thread,
    threads,
    kernels,
  };
}

function run({ thread }: WorkerContext, message: RunMessage, port: WorkerPort): void {
  const program = programs.get(message.program);
  if (message.places !== null) placesOfLastRun.set(message.program, message.places);
  const places = placesOfLastRun.get(message.program) as RunPlaces;
  if (thread !== 0) {
    try {
      if (program instanceof PreparedProgram) program.run(message, places, false);
    } catch (error) {
      port.post({ request: message.request, helperError: recordError(error) });
    }
    return;
  }
  const failing = { ...places, ...message };
  const failedRun = failedWrites.cause(places.buffers, message.knownFailure);
  const source = program instanceof PreparedProgram ? program.source : program?.source;
  try {
    if (!(program instanceof PreparedProgram))
      throw program?.failure ?? new Error("this program was released");
    const answer = program.run(message, places, failedRun !== undefined);
    if (answer !== undefined) {
      const transfer = answer.outputs.map((output) => output.buffer as ArrayBuffer);
      port.post({ request: message.request, value: answer }, transfer);
      return;
    }
  } catch (error) {
    if (source !== undefined) failedWrites.add(failing, source, failedRun);
    throw error;
  }
  // An earlier run, or this one on another thread, which says why.
  failedWrites.add(failing, source as Program, failedRun);
  port.post({ request: message.request, failedRun: failedRun ?? message.request });
}

// A program made ready on one thread. All threads walk the same list of stages. The units of one that is divided are dealt
// out among the threads that come in time for it; the others the first thread runs alone.

/** What a worker has, whatever the program. */
export interface WorkerContext {
  readonly views: MemoryViews;
  /** The functions of the kernel binaries. */
  readonly exports: KernelExports;
  readonly kernels: WorkerKernels;
  readonly regions: ParallelRegions;
  readonly idle: IdleThread;
  readonly gate: InputGate;
  readonly shares: WorkShares;
  readonly thread: number;
  readonly threads: number;
}

/** Addresses that are filled in before a run. */
interface StepAddresses {
  readonly inputs: number[];
  readonly outputs: number[];
  scratch: number;
  threadScratch: number;
}

interface PreparedStep {
  readonly step: ProgramStep;
  readonly addresses: StepAddresses;
  readonly stages: readonly BoundStage[];
}

export class PreparedProgram {
  readonly #context: WorkerContext;
  readonly #program: Program;
  readonly #roots: readonly number[];
  readonly #inputs: readonly number[];
  readonly #commits: readonly CommitPlan[];
  readonly #kernels: ProgramKernels;
  readonly #steps: readonly PreparedStep[];
  /** Those of a run that packs weights, and of any other. */
  readonly #packingRounds: readonly StageRound[];
  readonly #rounds: readonly StageRound[];
  /** Byte address of every value in this run. */
  readonly #at: Float64Array;
  #failure: unknown;
  #failedStep = 0;
  /** Whether this run packs the weights that are kept. */
  #packs = true;

  /** @throws where the generated module or a plan is faulty: the same on every thread. */
  constructor(context: WorkerContext, message: CompileMessage) {
    const program = message.source;
    this.#context = context;
    this.#program = program;
    this.#roots = aliasRoots(program);
    this.#inputs = boundValues(program, "input");
    this.#commits = planCommits(program, this.#roots);
    this.#at = new Float64Array(program.values.length);
    this.#kernels = context.kernels.prepare(program);
    const generated = message.generated && instantiate(message.generated, context.views.memory);
    this.#steps = program.steps.map((step, i) => {
      const fused = message.fused[i];
      const plan =
        fused !== undefined && generated !== undefined
          ? fusedKernel(fused, generated)
          : step.plan.place === "host"
            ? null
            : this.#kernels.steps[i];
      const addresses = {
        inputs: step.inputs.map(() => 0),
        outputs: step.outputs.map(() => 0),
        scratch: 0,
        threadScratch: 0,
      };
      const keepsWeights = step.scratch.packed === true;
      const stages = plan === null ? [this.#referenceStage(step)] : plan.stages;
      const bound = stages.map((stage): BoundStage => {
        const packs = keepsWeights && stage.packs === true;
        const cost = (step.work ?? 0) / stage.units;
        return { step: i, units: stage.units, cost, packs, addresses, run: stage.run.bind(stage) };
      });
      return { step, addresses, stages: bound };
    });
    this.#packingRounds = this.#roundsOf(true);
    this.#rounds = this.#roundsOf(false);
  }

  /** @param packs - whether weights that are kept are packed. */
  #roundsOf(packs: boolean): StageRound[] {
    const groups: (readonly BoundStage[])[][] = [[]];
    for (const { step, stages } of this.#steps) {
      groups[groups.length - 1].push(stages);
      if (step.joinsNext !== true) groups.push([]);
    }
    return groups.flatMap((steps) => roundsOf(steps, packs, this.#threads));
  }

  /** How many threads compute it. */
  get #threads(): number {
    return this.#program.isSmall === true ? 1 : this.#context.threads;
  }

  release(): void {
    this.#kernels.release?.();
  }

  get source(): Program {
    return this.#program;
  }

  /**
   * Runs the program. The first thread gets the answer; throws on the thread whose kernel threw.
   *
   * @param places - the message's, or those of the run before.
   * @param skipped - said by the first thread: nothing is computed.
   */
  run(message: RunMessage, places: RunPlaces, skipped: boolean): RunResult | undefined {
    const { thread, regions, gate } = this.#context;
    regions.begin(message.request);
    this.#failure = undefined;
    this.#packs = places.pack;
    if (message.places !== null) this.#bind(places);
    if (thread === 0) {
      regions.failed = skipped;
      if (message.written !== null) gate.wait(message.written);
      for (const [i, input] of message.inputs.entries())
        this.#context.views.bytes(this.#at[this.#inputs[i]], input.byteLength).set(input);
    }
    const timings = message.profile ? this.#walkTimed() : this.#walk();
    if (this.#failure !== undefined) throw this.#told(this.#failure);
    if (thread !== 0 || regions.failed) return undefined;
    const answer = { outputs: this.#takeOutputs(places.keepAt), timings };
    this.#commit();
    return answer;
  }

  /** The error, with a word on what the run had changed in place before it. */
  #told(failure: unknown): unknown {
    if (isError(failure) && wroteBefore(this.#program, this.#failedStep)) failure.message += PARTLY_WRITTEN;
    return failure;
  }

  #walk(): undefined {
    for (const round of this.#packs ? this.#packingRounds : this.#rounds) this.#runRound(round);
  }

  /** Steps that may run side by side are timed one by one. */
  #walkTimed(): StepTiming[] {
    return this.#steps.map(({ stages }, i) => {
      const rounds = roundsOf([stages], this.#packs, this.#threads);
      const started = performance.now();
      for (const round of rounds) this.#runRound(round);
      return { step: i, milliseconds: performance.now() - started };
    });
  }

  #runRound(round: StageRound): void {
    const { regions, shares, thread } = this.#context;
    if (!round.divided) {
      if (thread === 0) this.#compute(round);
      return;
    }
    if (thread === 0) shares.reset();
    if (!regions.enter()) return;
    shares.start(round.shares);
    this.#compute(round);
    regions.leave();
  }

  /** This thread's part of the round. */
  #compute(round: StageRound): void {
    const { regions, exports, shares } = this.#context;
    try {
      if (!round.divided && !regions.failed) round.run(exports, 0, round.units);
      while (round.divided && !regions.failed && shares.next()) round.run(exports, shares.begin, shares.end);
    } catch (error) {
      this.#failure ??= error;
      this.#failedStep = round.step;
      regions.failed = true;
    }
  }

  #referenceStage(step: ProgramStep): KernelStage {
    const tensor = (id: number) => {
      const { dtype, shape } = this.#program.values[id];
      return { data: this.#context.views.array(dtype, this.#at[id], numel(shape)), shape, dtype };
    };
    const run = () => callReference(hostKernels(), step, step.inputs.map(tensor), step.outputs.map(tensor));
    return { units: 1, run };
  }

  /** Works out where every value lies in this run, and in later ones in the same places. */
  #bind(places: RunPlaces): void {
    const { values } = this.#program;
    const at = this.#at;
    for (let id = 0; id < values.length; id++) {
      const { kind, index, offset } = values[this.#roots[id]];
      if (kind === "state") at[id] = places.states[index];
      else if (kind === "input" && places.inputsAt !== null) at[id] = places.inputsAt[index];
      else at[id] = places.arena + offset;
    }
    const own = places.threadScratch + this.#context.thread * places.threadScratchBytes;
    for (const { step, addresses } of this.#steps) {
      for (let i = 0; i < step.inputs.length; i++) addresses.inputs[i] = at[step.inputs[i]];
      for (let i = 0; i < step.outputs.length; i++) addresses.outputs[i] = at[step.outputs[i]];
      const { offset, packed } = step.scratch;
      addresses.scratch = (packed === true ? places.packed : places.arena) + offset;
      addresses.threadScratch = own;
    }
  }

  /** Copies of the outputs that do not stay in a buffer. */
  #takeOutputs(keepAt: RunPlaces["keepAt"]): TypedArray[] {
    const { views } = this.#context;
    const copies: TypedArray[] = [];
    this.#program.outputs.forEach((id, i) => {
      const value = this.#program.values[id];
      const address = keepAt[i];
      if (address === null) copies.push(views.array(value.dtype, this.#at[id], numel(value.shape)).slice());
      else views.bytes(address, valueBytes(value)).set(views.bytes(this.#at[id], valueBytes(value)));
    });
    return copies;
  }

  #commit(): void {
    const { views } = this.#context;
    const bytes = (id: number) => views.bytes(this.#at[id], valueBytes(this.#program.values[id]));
    const early = this.#commits.map(({ from, early }) => (early ? bytes(from).slice() : undefined));
    this.#commits.forEach(({ from, to }, i) => bytes(to).set(early[i] ?? bytes(from)));
  }
}

function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory): KernelExports {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), fusedImports(memory));
  return instance.exports as unknown as KernelExports;
}

// What is dealt out at once: the stages of one step, one after the other, or stages of several steps that
// may run side by side (`ProgramStep.joinsNext`). GoogLeNet, one image, has 33 rounds so, in place of 82, and steps too
// small to be cut fill the second thread.

/** A stage with the addresses of its step. */
export interface BoundStage {
  /** Position of the step in the program. */
  readonly step: number;
  readonly units: number;
  /** Of a unit, in multiplications that are added up; rough. */
  readonly cost: number;
  /** Whether it brings weights into a layout that is kept: only in runs that pack. */
  readonly packs: boolean;
  readonly addresses: Parameters<KernelStage["run"]>[1];
  readonly run: KernelStage["run"];
}

export class StageRound {
  /** Units of all stages. */
  readonly units: number;
  /** Every thread has its part; otherwise the first thread runs the round alone. */
  readonly divided: boolean;
  /** Where each thread's share of the units begins, and the end. */
  readonly shares: readonly number[];
  /** Position of the step whose stage ran last, on this thread. */
  step = 0;
  readonly #stages: readonly BoundStage[];
  /** In the order in which they are dealt out. */
  readonly #order: readonly Unit[];

  constructor(stages: readonly BoundStage[], threads: number) {
    this.#stages = stages;
    const shares = dealUnits(stages, threads);
    this.#order = shares.flat();
    this.units = this.#order.length;
    this.divided = threads > 1 && this.units > 1;
    let begin = 0;
    this.shares = [0, ...shares.map(({ length }) => (begin += length))];
  }

  /** Runs units begin (inclusive) to end (exclusive) of them all. */
  run(exports: KernelExports, begin: number, end: number): void {
    for (let i = begin; i < end; ) {
      const { stage, unit } = this.#order[i];
      let count = 1;
      // Units of a stage that lie one behind the other are one call.
      while (i + count < end && this.#follows(i + count, stage, unit + count)) count++;
      const { step, addresses, run } = this.#stages[stage];
      this.step = step;
      run(exports, addresses, unit, unit + count);
      i += count;
    }
  }

  #follows(i: number, stage: number, unit: number): boolean {
    const next = this.#order[i];
    return next.stage === stage && next.unit === unit;
  }
}

/** The rounds of steps that run side by side: the first stages of all, then the second ones. */
export function roundsOf(
  steps: readonly (readonly BoundStage[])[],
  packs: boolean,
  threads: number,
): StageRound[] {
  const wanted = steps.map((stages) => stages.filter((stage) => packs || !stage.packs));
  const count = Math.max(0, ...wanted.map(({ length }) => length));
  return Array.from(
    { length: count },
    (_, i) =>
      new StageRound(
        wanted.flatMap((stages) => stages.slice(i, i + 1)),
        threads,
      ),
  );
}
