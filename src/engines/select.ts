/** Engines by name. Which there are, and which code is loaded when, is the platform's `#engines`. */
import { ENGINES, fastestName } from "#engines";
import { EngineError, unknownName } from "../base/errors.ts";

import type { Engine } from "./contract/engine.ts";
import type { CreateEngine, DefaultEngineOptions, EngineEntry, EngineOptions } from "./engine_entry.ts";
import { type EngineName, engineNames } from "./engine_names.ts";

export type { EngineOptions } from "./engine_entry.ts";

/** The engines whose code was loaded by `loadEngine`. */
const loaded = new Map<string, CreateEngine>();

/**
 * The fastest engine that works here, found out once, without starting any: oneDNN if its library can be loaded
 * (some ten milliseconds), else wasm.
 *
 * @example
 * ```ts
 * await useEngine(fastestEngine());
 * ```
 */
export function fastestEngine(): string {
  return fastestName();
}

/** The engine that a run was trained with if it can work here, else the fastest that does. */
export function engineHere(name: string): string {
  return name === "onednn" ? fastestEngine() : name;
}

/**
 * The engine that is used when none was asked for: the fastest that works here. Should oneDNN fail to start after
 * all, the engine goes on as the wasm engine and says why in its information.
 */
export function createDefaultEngine(options: EngineOptions = {}): Engine {
  return create(fastestName(), { ...options, orWasm: true });
}

/**
 * Loads an engine's code, so that `createEngine` can be called.
 *
 * @throws ArgumentError for an unknown name; EngineError for an engine that this platform cannot have.
 */
export async function loadEngine(name: string): Promise<void> {
  const entry = entryOf(name);
  if (!loaded.has(name)) loaded.set(name, await entry.load());
}

/** @throws ArgumentError for an unknown name; EngineError for an engine whose code was not loaded. */
export function createEngine(name: string, options: EngineOptions = {}): Engine {
  entryOf(name);
  return create(name as EngineName, options);
}

function create(name: EngineName, options: DefaultEngineOptions): Engine {
  const make = ENGINES[name].create ?? loaded.get(name);
  if (make === undefined) {
    throw new EngineError(
      `${name}: this engine's code is not loaded yet; call \`await useEngine("${name}")\` first`,
    );
  }
  return make(options);
}

function entryOf(name: string): EngineEntry {
  if (typeof name === "string" && Object.hasOwn(ENGINES, name)) return ENGINES[name as EngineName];
  throw unknownName("unknown engine", name, engineNames());
}
