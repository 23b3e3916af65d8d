/** What the main thread and the thread that calls MPI say to each other. */
import type { ErrorRecord } from "../../workers/errors_across.ts";
import type { RankPlace } from "./health.ts";
import type { Launcher } from "./launcher.ts";
import type { ElementType, NativeOp, Vendor } from "./mpi_abi.ts";

/** Elements in a memory that both threads see; worked on in place. */
export interface SharedElements {
  readonly buffer: SharedArrayBuffer;
  readonly count: number;
  readonly type: ElementType;
}

/** What ranks do together. */
export type Collective =
  | { readonly kind: "allReduce"; readonly elements: SharedElements; readonly op: NativeOp }
  | { readonly kind: "broadcast"; readonly elements: SharedElements; readonly from: number }
  /** `count` elements of every rank: the buffer has room for all, with the own ones in their place. */
  | { readonly kind: "allGather"; readonly elements: SharedElements }
  | { readonly kind: "barrier" };

/** A sum over the ranks. */
export interface Transfer {
  /** When it was ordered and when it was done, in milliseconds: `performance.timeOrigin + performance.now()`. */
  readonly from: number;
  readonly to: number;
  /** What a rank has of it, as it crosses. */
  readonly bytes: number;
}

export type ToMpi =
  | {
      readonly type: "start";
      readonly request: number;
      readonly channel: SharedArrayBuffer;
      readonly launcher: Launcher | null;
      /** Seconds without a sign of life after which a rank counts as lost. */
      readonly patience: number;
    }
  /** The memory of the engine to which the channel's orders refer. */
  | { readonly type: "memory"; readonly memory: SharedArrayBuffer }
  | { readonly type: "collective"; readonly request: number; readonly collective: Collective }
  /** Has sums that the engine orders be noted from here on. */
  | { readonly type: "record" }
  /** Asks for them. */
  | { readonly type: "recorded"; readonly request: number }
  /** Tells the other ranks why this one ends. */
  | { readonly type: "leave"; readonly reason: string }
  | { readonly type: "finalize"; readonly request: number };

/** The world as the library has started it. */
export interface StartedWorld {
  readonly rank: number;
  readonly size: number;
  readonly vendor: Vendor;
  readonly library: string;
  /** Where the ranks run. */
  readonly places: readonly RankPlace[];
}

export type FromMpi =
  | { readonly request: number; readonly value: unknown }
  | { readonly request: number; readonly error: ErrorRecord }
  /** Nothing can be done any more: a rank is lost, or has said why it ends. */
  | { readonly failed: string };
