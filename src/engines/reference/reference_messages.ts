/** What the reference engine and its worker say to each other. */
import type { Program } from "../contract/engine.ts";

export type ReferenceRequest =
  | { readonly type: "start"; readonly request: number }
  | { readonly type: "allocate"; readonly buffer: number; readonly bytes: number }
  | { readonly type: "write"; readonly buffer: number; readonly data: Uint8Array<ArrayBuffer> }
  | {
      readonly type: "read";
      readonly request: number;
      readonly buffer: number;
      readonly knownFailure: number;
    }
  | { readonly type: "free"; readonly buffer: number }
  | { readonly type: "compile"; readonly program: number; readonly source: Program }
  | { readonly type: "release"; readonly program: number }
  | {
      readonly type: "run";
      readonly request: number;
      readonly program: number;
      readonly inputs: readonly Uint8Array<ArrayBuffer>[];
      readonly buffers: readonly number[];
      /** Ids of the buffers that keep outputs. */
      readonly kept: readonly number[];
      /** By output, the buffer that keeps it; null for a copy. */
      readonly keep: readonly (number | null)[];
      readonly knownFailure: number;
      readonly profile: boolean;
    };
