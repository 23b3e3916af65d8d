/** What a CPU engine and its workers say to each other. */
import type { ErrorRecord } from "../../workers/errors_across.ts";
import type { RequestAnswer } from "../../workers/worker_messages.ts";
import type { Program } from "../contract/engine.ts";
import type { GeneratedLoops } from "./loops/fused_module.ts";

/** The first message to each worker, which each answers. */
export interface StartMessage {
  readonly type: "start";
  readonly request: number;
  readonly thread: number;
  readonly threads: number;
  /** The shared memory; without one, the worker makes a memory of its own. */
  readonly memory: WebAssembly.Memory | undefined;
  /** The functions that stages are given as `exports`. */
  readonly binaries: readonly WebAssembly.Module[];
  /** Words that all threads share. */
  readonly control: SharedArrayBuffer | ArrayBuffer;
  /** For the kernels (see `CpuKernels.open`). */
  readonly settings: unknown;
}

export interface CompileMessage extends GeneratedLoops {
  readonly type: "compile";
  readonly program: number;
  readonly source: Program;
}

/** Where a run finds everything: worked out once for runs of a program that follow each other in the same places. */
export interface RunPlaces {
  /** Byte address of the program's arena. */
  readonly arena: number;
  /** Byte address of the first thread's own scratch, and the bytes of each. */
  readonly threadScratch: number;
  readonly threadScratchBytes: number;
  /** Byte addresses of the state buffers. */
  readonly states: readonly number[];
  /** Byte addresses of the inputs, if the caller writes them into the memory; else null. */
  readonly inputsAt: readonly number[] | null;
  /** Byte address of the program's packed weights, and whether the run packs them. */
  readonly packed: number;
  readonly pack: boolean;
  /** Ids of the state buffers; for the first worker only. */
  readonly buffers: readonly number[];
  /** Ids of the buffers that keep outputs; for the first worker only. */
  readonly kept: readonly number[];
  /** By output, the address where it stays; null for a copy. For the first worker only. */
  readonly keepAt: readonly (number | null)[];
}

export interface RunMessage {
  readonly type: "run";
  readonly request: number;
  readonly program: number;
  /** Null if they are those of the program's run before. */
  readonly places: RunPlaces | null;
  /** Which run it is of those whose inputs the caller writes (`InputGate`); null for others. For the first worker only. */
  readonly written: number | null;
  /** What is to be copied into the arena; for the first worker only. */
  readonly inputs: readonly Uint8Array<ArrayBuffer>[];
  /** See `FailingRun`. */
  readonly knownFailure: number;
  readonly profile: boolean;
}

export type CpuMessage =
  | StartMessage
  | CompileMessage
  | RunMessage
  /** A memory that is not shared grows in the worker. */
  | { readonly type: "grow"; readonly pages: number }
  | { readonly type: "clear"; readonly address: number; readonly bytes: number }
  | { readonly type: "write"; readonly address: number; readonly data: Uint8Array<ArrayBuffer> }
  /** To a lower address; answered, since until then nothing else may write where the bytes were. */
  | {
      readonly type: "move";
      readonly request: number;
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
    }
  | {
      readonly type: "read";
      readonly request: number;
      readonly address: number;
      readonly bytes: number;
      readonly buffer: number;
      readonly knownFailure: number;
    }
  | { readonly type: "release"; readonly program: number }
  /** Reference kernels that a page loads late, for the programs after this message. */
  | { readonly type: "hostKernels"; readonly script: string }
  /** Further functions that stages are given, for the programs after this message. */
  | { readonly type: "binary"; readonly binary: WebAssembly.Module }
  /** Steps that combine values of all ranks go through this channel from here on. */
  | { readonly type: "ranks"; readonly channel: SharedArrayBuffer }
  /** For the kernels. */
  | { readonly type: "kernels"; readonly message: unknown };

export type CpuReply =
  | RequestAnswer
  /** What went wrong in another worker's part of a run. */
  | { readonly request: number; readonly helperError: ErrorRecord }
  /** From the kernels. */
  | { readonly message: unknown };
