/**
 * Algorithms that the engine has chosen, as runs keep them: a run is notified of each, and supplies its own when
 * it is resumed, whatever engine is started in the meantime.
 */
import { type EngineConnection, followEngines } from "./runtime.ts";

type Chosen = ReadonlyMap<string, string | null>;

/** Keeps the algorithms of a run. */
export interface AlgorithmKeeper {
  /** What the run has chosen so far on this machine (`Autotuning.machine`). */
  chosenOn(machine: string): Chosen;
  /** Takes an algorithm; the same one may come again. */
  keep(machine: string, work: string, chosen: string | null): void;
}

const keepers = new Set<AlgorithmKeeper>();
/** Algorithms that ranks have in common; null if there are none. */
let common: Chosen | null = null;
/** Whether others are measured all the same. */
let measuring = false;
/** The engine whose algorithms these are; undefined before the first question. */
let following: EngineConnection | null | undefined;

/** The last engine that there was. */
function connected(): EngineConnection | null {
  if (following === undefined) {
    following = followEngines((next) => {
      following = next;
      if (keepers.size > 0 || common !== null) adoptAll();
    });
  }
  return following;
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

/**
 * Has the engine compute by these algorithms and else by its fixed rule, whatever it has measured: all ranks are told the
 * same ones. Null: it chooses for itself again.
 */
export function shareAlgorithms(algorithms: Chosen | null): void {
  if (algorithms === null && common === null) return;
  [common, measuring] = [algorithms, false];
  adoptAll();
}

/** Has the engine measure what is not among the shared algorithms, until others are shared. */
export function measureAlgorithms(): void {
  measuring = true;
  adoptAll();
}

/** What the engine in use chooses, as far as that is known now; null if it never chooses. */
export function knownAlgorithms(): Chosen | null {
  const autotuning = connected()?.engine.autotuning;
  if (autotuning === undefined || autotuning.machine === null) return null;
  return new Map([...autotuning.remembered, ...givenOn(autotuning.machine), ...autotuning.chosen]);
}

/** What the engine in use chooses for, and what is remembered of it; null if it has nothing to choose. */
export function autotunedAlgorithms(): { readonly machine: string; readonly chosen: Chosen } | null {
  const autotuning = connected()?.engine.autotuning;
  if (autotuning === undefined || autotuning.machine === null) return null;
  return { machine: autotuning.machine, chosen: autotuning.remembered };
}

function adoptAll(): void {
  const connection = connected();
  const autotuning = connection?.engine.autotuning;
  // Without a keeper there is none to notify; a later one is told of all that were chosen before.
  if (autotuning !== undefined) autotuning.onChosen = keepers.size > 0 ? notifyKeepers : null;
  const machine = autotuning?.machine;
  if (connection === null || autotuning === undefined || machine === undefined || machine === null) return;
  autotuning.measures = common === null || measuring;
  if (autotuning.adopt(givenOn(machine))) connection.programs.forget();
  for (const [work, chosen] of autotuning.chosen) {
    for (const keeper of keepers) keeper.keep(machine, work, chosen);
  }
}

function notifyKeepers(work: string, chosen: string | null): void {
  const machine = connected()?.engine.autotuning?.machine ?? null;
  if (machine !== null) for (const keeper of keepers) keeper.keep(machine, work, chosen);
}

/** What comes before the engine's own choice. */
function givenOn(machine: string): Chosen {
  const given = new Map(common);
  for (const keeper of keepers) {
    for (const [work, chosen] of keeper.chosenOn(machine)) if (!given.has(work)) given.set(work, chosen);
  }
  return given;
}
