/**
 * Algorithms that the engine has chosen, as runs keep them: a run is notified of each, and supplies its own when
 * it is resumed, whatever engine is started in the meantime.
 */
import type { EngineConnection } from "./runtime.ts";

type Chosen = ReadonlyMap<string, string | null>;

/** Keeps the algorithms of a run. */
export interface AlgorithmKeeper {
  /** What the run has chosen so far on this machine (`Autotuning.machine`). */
  chosenOn(machine: string): Chosen;
  /** Takes an algorithm; the same one may come again. */
  keep(machine: string, work: string, chosen: string | null): void;
}

const keepers = new Set<AlgorithmKeeper>();
let connection: EngineConnection | null = null;

/** From here on the algorithms are those of this engine. */
export function attachAutotuning(next: EngineConnection): void {
  connection = next;
  if (keepers.size > 0) adoptAll();
}

/**
 * Makes a run's algorithms come first, and notifies the run of all others.
 *
 * @returns ends it.
 */
export function keepAlgorithms(keeper: AlgorithmKeeper): () => void {
  keepers.add(keeper);
  adoptAll();
  return () => {
    keepers.delete(keeper);
    adoptAll();
  };
}

/** What the engine in use chooses for, and what is remembered of it; null if it has nothing to choose. */
export function autotunedAlgorithms(): { readonly machine: string; readonly chosen: Chosen } | null {
  const autotuning = connection?.engine.autotuning;
  if (autotuning === undefined || autotuning.machine === null) return null;
  return { machine: autotuning.machine, chosen: autotuning.remembered };
}

function adoptAll(): void {
  const autotuning = connection?.engine.autotuning;
  // Without a keeper there is none to notify; a later one is told of all that were chosen before.
  if (autotuning !== undefined) autotuning.onChosen = keepers.size > 0 ? notifyKeepers : null;
  const machine = autotuning?.machine;
  if (connection === null || autotuning === undefined || machine === undefined || machine === null) return;
  const merged = new Map<string, string | null>();
  for (const keeper of keepers) {
    for (const [work, chosen] of keeper.chosenOn(machine)) if (!merged.has(work)) merged.set(work, chosen);
  }
  if (autotuning.adopt(merged)) connection.programs.forget();
  for (const [work, chosen] of autotuning.chosen) {
    for (const keeper of keepers) keeper.keep(machine, work, chosen);
  }
}

function notifyKeepers(work: string, chosen: string | null): void {
  const machine = connection?.engine.autotuning?.machine ?? null;
  if (machine !== null) for (const keeper of keepers) keeper.keep(machine, work, chosen);
}
