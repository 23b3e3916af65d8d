/**
 * The engine contract, whole.
 *
 * An engine runs *programs*. A program is a straight list of steps over numbered values; every value has a
 * shape and a dtype that are known when the program is built. What changes from run to run (a batch, a
 * learning rate, a random counter) arrives as an input; what lives from run to run (weights, running
 * statistics, an optimiser's momentum) lies in *state buffers* that the caller allocates, and that a
 * program may read and overwrite.
 *
 * Life of an engine: `start` once, which says what the engine can do (`EngineCapabilities`); from it the compiler makes
 * programs. Then any number of `allocate`, `write`, `read`, `compile`, `run`, `free`, and at last `stop`. Calls take effect in the order in which they are made, so a `read` after a `run` sees that
 * run's results; none of them blocks the caller's thread.
 */
import type { DType, TypedArray } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";

/** Shape and element type of one value. Values are contiguous, row-major. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What an op needs besides its inputs. Plain data: it crosses to workers and forms part of cache keys. */
export type Attributes = Readonly<Record<string, unknown>>;

/** One step as an engine is asked about it: an op at these shapes and dtypes. */
export interface StepSpec {
  /** Name of the op, or `"fused"`. */
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether no gradient of it is wanted in its program, now or later; absent if one may be. */
  readonly forwardOnly?: boolean;
}

/**
 * How a step is computed, from its `StepSpec` alone. Plain data: it is made once when a program is compiled, and goes
 * with the program to whatever runs it.
 */
export interface StepPlan {
  /** `"device"`: by a kernel of the engine; `"host"`: by the reference kernel, on memory that the host can reach. */
  readonly place: "device" | "host";
  /** Bytes of scratch in the arena (partial sums and the like) that the threads of the step share. */
  readonly scratchBytes: number;
  /** Bytes of scratch that each thread needs for itself. */
  readonly threadScratchBytes: number;
  /**
   * `"channelsLast"` if a convolution or pooling that is given as [N, C, H, W] should rather run as [N, H, W, C] (see
   * `compiler/passes/channels_last.ts`, which then asks for the plan of that step).
   */
  readonly layout: "asGiven" | "channelsLast";
  /** Whether it keeps to algorithms that round no more than plain sums in float32 do; absent if not. */
  readonly exact?: boolean;
  /**
   * Whether the shared scratch holds nothing but the step's weights (its inputs from 1 on) in the layout of the kernel:
   * what is there stays right as long as they do. Absent if not.
   */
  readonly packsWeights?: boolean;
  /** Whether its kernel is one of those that not every network needs, which a page loads late; absent if not. */
  readonly late?: boolean;
  /** Bytes of packed weights of a step that packs them only if they are kept, in place of `scratchBytes`. */
  readonly keptBytes?: number;
}

/** The plan of a step for which the engine has no kernel. */
export const ON_HOST: StepPlan = { place: "host", scratchBytes: 0, threadScratchBytes: 0, layout: "asGiven" };

/** Where a value of a program lives. */
export type ValueKind =
  /** Given by the caller at each run. */
  | "input"
  /** A state buffer, bound by the caller at each run. */
  | "state"
  /** Made and consumed inside the program; the plan gives it a place in the arena. */
  | "temporary"
  /** Shares the bytes of another value (a reshape). */
  | "alias";

export interface ProgramValue extends TensorSpec {
  readonly kind: ValueKind;
  /** For `input` and `state`: position in the run's bindings. For `alias`: the value whose bytes it shares. */
  readonly index: number;
  /** For `temporary` and `input`: byte offset in the program's arena, by the plan; -1 before planning. */
  readonly offset: number;
}

export interface ProgramStep {
  /** Name of the op, or `"fused"`. */
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Path of the layer that asked for it, for printing and errors. */
  readonly label: string;
  readonly plan: StepPlan;
  /**
   * Byte offset in the arena of the scratch space that the plan asks for, and its size; `packed`: in the program's packed
   * weights instead.
   */
  readonly scratch: {
    readonly offset: number;
    readonly bytes: number;
    readonly packed?: boolean;
    /** Whether a step with packed weights is computed as without, to the same bits. Absent if not. */
    readonly asUnpacked?: boolean;
  };
  /**
   * Whether it may run at the same time as the next step: none of the steps so joined reads or overwrites what another of
   * them writes, or overwrites what another reads. Absent if not.
   */
  readonly joinsNext?: boolean;
  /** How much there is to compute, roughly: multiplications that are added up. For steps that run beside others. */
  readonly work?: number;
}

export interface Program {
  readonly values: readonly ProgramValue[];
  readonly steps: readonly ProgramStep[];
  /** Values that the run hands back, in order. */
  readonly outputs: readonly number[];
  /** State buffers that are overwritten at the end of the run: value `from` goes into state value `to`. */
  readonly commits: readonly { readonly from: number; readonly to: number }[];
  readonly inputCount: number;
  readonly stateCount: number;
  /** Size of the arena that holds inputs, temporaries and scratch. */
  readonly arenaBytes: number;
  /** Whether it is so small that several threads would wait for each other longer than they compute. Absent if not. */
  readonly isSmall?: boolean;
  /** Size of the weights that steps keep packed from run to run; absent if none does. */
  readonly packedBytes?: number;
}

/** A buffer that outlives programs. Opaque; belongs to the engine that made it. */
export interface EngineBuffer {
  readonly id: number;
  readonly bytes: number;
}

/** A program that an engine has made ready to run. */
export interface CompiledProgram {
  readonly id: number;
  readonly program: Program;
}

export interface RunBindings {
  /** One array per input of the program; read before `run`'s promise resolves, not changed. */
  readonly inputs: readonly TypedArray[];
  /** One buffer per state value of the program. */
  readonly states: readonly EngineBuffer[];
  /**
   * One entry per output of the program: the buffer in which the result stays, to be read when it is asked for, or null
   * for a copy in `RunResult.outputs`. Absent: copies of all. The buffers are as large as the values at least, all
   * different, and none is among `states`.
   */
  readonly keep?: readonly (EngineBuffer | null)[];
  /**
   * For a program with `packedBytes`: the buffer of its packed weights, and whether this run packs them. Each run with
   * other contents in the state buffers than the one before must.
   */
  readonly packed?: { readonly buffer: EngineBuffer; readonly pack: boolean } | undefined;
}

/** How a program is run. */
export interface RunOptions {
  /** Whether the time of each step is taken. @default false */
  readonly profile?: boolean;
}

/** Time of one step of a profiled run. */
export interface StepTiming {
  /** Its position among the program's steps. */
  readonly step: number;
  /** How long it took. */
  readonly milliseconds: number;
}

export interface RunResult {
  /** One array, owned by the caller, per output that no buffer keeps (see `RunBindings.keep`), in order. */
  readonly outputs: TypedArray[];
  /** Only if the run was profiled. */
  readonly timings?: StepTiming[];
}

export interface EngineMemory {
  /** Bytes in state buffers that have been allocated and not freed. */
  readonly liveBytes: number;
  /** Bytes of the shared arena, sized for the largest program so far. */
  readonly arenaBytes: number;
  /** The most the engine can ever hold. */
  readonly limitBytes: number;
}

export interface EngineInfo {
  /** As `useEngine` knows it. */
  readonly name: string;
  /** How many threads compute. */
  readonly threads: number;
  /** Which binary, library and version, instruction set: for people. */
  readonly detail: string;
  /** Whether convolutions and matmuls in bfloat16 are faster here than in float32. */
  readonly bfloat16: boolean;
}

/** What an engine's buffers and kernels can be. */
export interface EngineLimits {
  /** Element types that values of programs may have. */
  readonly dtypes: readonly DType[];
  /** Bytes of which the place of every value in the arena is a multiple. */
  readonly alignment: number;
  /** Inputs and outputs that a `"fused"` step may have together; `Infinity` if any number. */
  readonly bindings: number;
  /** Bytes that buffers and programs may take together at most. */
  readonly memoryBytes: number;
}

/** For what the compiler makes programs: nothing else of an engine matters to it. */
export interface ProgramTarget {
  readonly limits: EngineLimits;
  /**
   * How the engine would compute this step; null if it has no kernel of its own for the op at these shapes and dtypes.
   * The op's decomposition is then used, or, if there is none of that either, the reference kernel on the host.
   */
  plan(step: StepSpec): StepPlan | null;
  /**
   * Whether this step may become part of another. Asked of element-wise ops, reductions, `full` and `expand`, which then
   * arrive in chains as one `"fused"` step (see `fused_loop.ts`); and of convolutions and matmuls with an
   * attribute `activation`, which then compute the element-wise op of that name on their result.
   */
  fuses(step: StepSpec): boolean;
}

/** What an engine says when it has started: for people, and for the compiler. */
export interface EngineCapabilities extends EngineInfo, ProgramTarget {}

/**
 * Algorithms that an engine has chosen among several for the same work. They round differently, so equal programs give
 * equal bits only with equal algorithms: a run keeps its own, and brings them along when it is resumed.
 */
export interface Autotuning {
  /** Library version and processor for which the algorithms hold; null if the engine goes on without. */
  readonly machine: string | null;
  /** The algorithm by work, of everything compiled so far whose first run is over; null if none was available. */
  readonly chosen: ReadonlyMap<string, string | null>;
  /** What was chosen on this machine by earlier processes, and will be again as long as the machine remembers it. */
  readonly remembered: ReadonlyMap<string, string | null>;
  /**
   * Whether what was not given to `adopt` is measured, or taken from earlier measurements; if not, a fixed rule decides.
   * Takes effect with the next `adopt`. @default true
   */
  measures: boolean;
  /** Called for each algorithm that is chosen, before the first run that uses it is over. */
  onChosen: ((work: string, chosen: string | null) => void) | null;
  /**
   * Has these algorithms come before the engine's own for what is compiled from here on, in place of those that were given
   * before.
   *
   * @returns whether programs that are compiled already would now be compiled otherwise.
   */
  adopt(algorithms: ReadonlyMap<string, string | null>): boolean;
}

export interface Engine {
  /** As `useEngine` knows it. */
  readonly name: string;
  /** Absent if it computes the same work always by the same algorithm. */
  readonly autotuning?: Autotuning;
  /**
   * Called once. Resolves with what the engine can do when programs can be compiled and run; rejects with an EngineError
   * that says why not. What needs the buffers alone (`allocate`, `write`, `read`, `free`) may be called before that, and
   * takes effect when the engine has started, in order; `compile` and `run` may not.
   */
  start(): Promise<EngineCapabilities>;
  /** A buffer, zeroed unless `zeroed` is false. Throws an EngineError at once if it can never fit. */
  allocate(bytes: number, zeroed?: boolean): EngineBuffer;
  /** Copies `data` in. The array may be reused as soon as the call returns. */
  write(buffer: EngineBuffer, data: TypedArray): void;
  /**
   * The bytes of a buffer that was not zeroed and that nothing was written to, for its contents to be made there at once;
   * null if they cannot be reached now. Absent if they never can.
   */
  firstContents?(buffer: EngineBuffer): Uint8Array | null;
  /** The buffer's bytes, copied out. */
  read(buffer: EngineBuffer): Promise<ArrayBuffer>;
  /** Gives the buffer's bytes back, after the runs that use it. */
  free(buffer: EngineBuffer): void;
  /** Throws an EngineError that names the bytes needed if the program cannot fit. */
  compile(program: Program): CompiledProgram;
  /**
   * Runs after everything asked for before it. If the data of a run are refused, its state buffers keep the contents
   * that they had. Runs and reads that were asked for before the caller could know, and use a buffer that it was to
   * write, reject after it without having any effect, and so do those that use what they were to write.
   */
  run(compiled: CompiledProgram, bindings: RunBindings, options?: RunOptions): Promise<RunResult>;
  /**
   * Has steps that combine values of all ranks (`allReduce`) leave their orders in a channel (see
   * `workers/collective_channel.ts`) from here on. Absent if the engine's memory cannot be reached from another thread.
   *
   * @returns the memory to which the orders' addresses refer.
   */
  joinRanks?(channel: SharedArrayBuffer): ArrayBufferLike;
  /** Forgets a compiled program. */
  release(compiled: CompiledProgram): void;
  /** What it holds now, and what it can. */
  memory(): EngineMemory;
  /** Number of runs that were asked for and have not finished. */
  pending(): number;
  /** Ends the workers. Work that was asked for and not finished rejects. */
  stop(): Promise<void>;
}
