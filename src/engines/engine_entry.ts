/** What the registry of engines knows of each without loading it. */
import type { Engine } from "./contract/engine.ts";

export interface EngineOptions {
  /**
   * How many threads the engine may use; by default as many as there are processors, within the affinity of the
   * process and the CPU quota of a container.
   */
  readonly threads?: number;
  /**
   * Bytes that tensors and programs may take in the engine's memory at most: 1 MiB to 4 GiB, the default. The
   * reference engine has no memory of its own and no limit.
   */
  readonly memoryLimit?: number;
  /**
   * Chooses oneDNN's algorithms by a fixed rule, from sizes alone, instead of measuring them once on each machine: the
   * same seed then gives the same bits whatever the autotuning cache holds. Default false. The other engines have
   * nothing to choose.
   */
  readonly reproducible?: boolean;
  /**
   * Computes with instructions alone that give the same bits on every processor and in every run-time: the wasm engine
   * then leaves out relaxed SIMD (fused multiply-add), which Node.js has from version 22 on, and browsers. Takes longer
   * on most Intel processors. Default false, or true if the environment variable CONVOYANT_PORTABLE is 1, which also
   * makes wasm the default engine. Not for onednn.
   */
  readonly portable?: boolean;
  /**
   * Leaves out the algorithms for convolutions that round more than plain sums do, such as Winograd's: the error is then
   * that of PyTorch in float32, and training takes up to three times as long. Default false.
   */
  readonly exactConvolutions?: boolean;
  /**
   * Passes of the compiler that are left out, to see what each does: "common-subexpressions", "fold-channel-scales",
   * "fuse-activation", "channels-last", "unused-outputs", "fold-scalars", "fuse-loops", "side-by-side". Results are the same within rounding; programs take
   * longer. Default: none.
   */
  readonly withoutPasses?: readonly string[];
}

/** Options of the engine that is used when none was asked for. */
export interface DefaultEngineOptions extends EngineOptions {
  /** Becomes the wasm engine if its library cannot be used, instead of failing. */
  readonly orWasm?: boolean;
}

export type CreateEngine = (options: DefaultEngineOptions) => Engine;

export interface EngineEntry {
  /** Present if the engine's code is loaded with the package: an operation may need it at once. */
  readonly create?: CreateEngine;
  /** Loads the engine's code. @throws EngineError if it cannot work on this platform. */
  load(): Promise<CreateEngine>;
}
