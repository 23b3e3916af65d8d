/** The names of the engines, for code that does not need the engines themselves: they are a hundred files. */

const ENGINE_NAMES = ["wasm", "onednn", "reference"] as const;

export type EngineName = (typeof ENGINE_NAMES)[number];

/**
 * Names that `useEngine` takes. Without it, the fastest is used that works (see `fastestEngine`).
 *
 * @example
 * ```ts
 * console.log(engineNames());
 * ```
 */
export function engineNames(): string[] {
  return [...ENGINE_NAMES];
}
