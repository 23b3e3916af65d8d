/** Engines by name. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import type { Engine } from "./contract/engine.ts";
import { WasmEngine } from "./cpu/wasm_engine.ts";
import { type EngineName, engineNames } from "./engine_names.ts";
import { dnnlFacts } from "./onednn/library/load_dnnl.ts";
import { OnednnEngine } from "./onednn/onednn_engine.ts";
import { ReferenceEngine } from "./reference/reference_engine.ts";

export interface EngineOptions {
  /** How many threads the engine may use; by default as many as there are processors. */
  readonly threads?: number;
  /**
   * Bytes that tensors and programs may take in the engine's memory at most: 1 MiB to 4 GiB, the default. The
   * reference engine has no memory of its own and no limit.
   */
  readonly memoryLimit?: number;
}

const ENGINES: Readonly<Record<EngineName, (options: EngineOptions) => Engine>> = {
  wasm: (options) => new WasmEngine(options),
  onednn: (options) => new OnednnEngine(options),
  reference: () => new ReferenceEngine(),
};

/**
 * The fastest engine that works here, found out once, without starting any: oneDNN where its library can be loaded
 * (some ten milliseconds), else wasm.
 *
 * @example
 * ```ts
 * await useEngine(fastestEngine());
 * ```
 */
export function fastestEngine(): string {
  return dnnlFacts() !== null ? "onednn" : "wasm";
}

/** The engine that a run was trained with, where it can work here, else the fastest that does. */
export function engineHere(name: string): string {
  return name === "onednn" ? fastestEngine() : name;
}

/**
 * The engine for whoever named none: the fastest that works here. Should oneDNN fail to start after all, the engine
 * goes on as the wasm engine and says why in its information.
 */
export function createDefaultEngine(options: EngineOptions = {}): Engine {
  return fastestEngine() === "onednn"
    ? new OnednnEngine({ ...options, orWasm: true })
    : createEngine("wasm", options);
}

/** @throws ArgumentError for an unknown name. */
export function createEngine(name: string, options: EngineOptions = {}): Engine {
  if (!Object.hasOwn(ENGINES, name)) {
    throw new ArgumentError(
      `unknown engine \`${name}\`${didYouMean(name, engineNames())} (there are: ${engineNames().join(", ")})`,
    );
  }
  return ENGINES[name as EngineName](options);
}
