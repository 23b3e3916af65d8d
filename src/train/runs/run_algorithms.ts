/**
 * The algorithms that the engine has chosen for a run, kept in its folder: a resumed run goes on with them, whatever the
 * machine's autotuning cache says by then. Node only.
 */
import { parseJson } from "../../base/json_text.ts";
import { type AlgorithmKeeper, autotunedAlgorithms, keepAlgorithms } from "../../runtime/kept_algorithms.ts";
import { isBf16Supported } from "../../runtime/runtime.ts";
import type { RunFolder } from "./run_folder.ts";

interface KeptAlgorithm {
  readonly machine: string;
  readonly work: string;
  readonly chosen: string | null;
}

export interface RunAlgorithms {
  /** What the user should know; empty if there is nothing. */
  readonly notes: readonly string[];
  /** Makes sure that they are on the disk. */
  save(): void;
  /** Lets the engine choose for itself again. */
  release(): void;
}

/**
 * Makes the engine use the run's algorithms, and keeps those that it chooses.
 *
 * @param began - the engine that the run had when it was begun or resumed last (`engineInfo`); null for a new run.
 */
export async function openRunAlgorithms(folder: RunFolder, began: string | null): Promise<RunAlgorithms> {
  // Known once the engine has started.
  await isBf16Supported();
  const remembered = autotunedAlgorithms();
  const stored = began === null ? [] : readAlgorithms(folder.readAlgorithms());
  if (remembered === null) return { notes: [], save: () => {}, release: () => {} };
  const { machine } = remembered;
  const keeper = new Keeper(folder, stored);
  keeper.expect(machine, remembered.chosen);
  const release = keepAlgorithms(keeper);
  return { notes: notesOn(folder, machine, stored, began), save: () => keeper.save(), release };
}

/** Algorithms by machine and work. */
type Machines = Map<string, Map<string, string | null>>;

class Keeper implements AlgorithmKeeper {
  readonly #folder: RunFolder;
  #changed = true;
  readonly #machines: Machines = new Map();
  /** Those that the run has used: it goes on with them, also in an engine that is started again. */
  readonly #used: Machines = new Map();

  constructor(folder: RunFolder, stored: readonly KeptAlgorithm[]) {
    this.#folder = folder;
    for (const algorithm of stored) {
      add(this.#machines, algorithm);
      add(this.#used, algorithm);
    }
  }

  /** What the run will choose when it comes to it: it may be killed before, and the machine may forget. */
  expect(machine: string, chosen: ReadonlyMap<string, string | null>): void {
    const known = this.#machines.get(machine);
    for (const [work, algorithm] of chosen) {
      if (!known?.has(work)) add(this.#machines, { machine, work, chosen: algorithm });
    }
    this.save();
  }

  /** The disk may have been full, or the power may fail: a checkpoint is only as good as its list of algorithms. */
  save(): void {
    if (!this.#changed) return;
    const lines = [...this.#machines].flatMap(([machine, works]) =>
      [...works].map(([work, chosen]) => lineOf({ machine, work, chosen })),
    );
    this.#folder.rewriteAlgorithms(lines);
    this.#changed = false;
  }

  chosenOn(machine: string): ReadonlyMap<string, string | null> {
    return this.#used.get(machine) ?? new Map();
  }

  keep(machine: string, work: string, chosen: string | null): void {
    const algorithm = { machine, work, chosen };
    add(this.#used, algorithm);
    if (this.#machines.get(machine)?.get(work) === chosen) return;
    add(this.#machines, algorithm);
    this.#changed = true;
    try {
      this.#folder.appendAlgorithm(lineOf(algorithm));
    } catch {
      // The next checkpoint writes them all, or says why not.
    }
  }
}

function add(machines: Machines, { machine, work, chosen }: KeptAlgorithm): void {
  const works = machines.get(machine) ?? new Map<string, string | null>();
  machines.set(machine, works);
  works.set(work, chosen);
}

function lineOf({ machine, work, chosen }: KeptAlgorithm): string {
  return `${JSON.stringify({ machine, work, chosen })}\n`;
}

/** The complete lines that name algorithms; the last may have been cut short. The last about a piece of work counts. */
function readAlgorithms(text: string): KeptAlgorithm[] {
  return text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => algorithmIn(line) ?? []);
}

function algorithmIn(line: string): KeptAlgorithm | null {
  try {
    const { machine, work, chosen } = parseJson(line) as Record<string, unknown>;
    const known = typeof chosen === "string" || chosen === null;
    return typeof machine === "string" && typeof work === "string" && known
      ? { machine, work, chosen }
      : null;
  } catch {
    return null;
  }
}

function notesOn(
  { path }: RunFolder,
  machine: string,
  stored: readonly KeptAlgorithm[],
  began: string | null,
): string[] {
  const differs =
    "they are chosen again here, so the results can differ in the last bits from those of an uninterrupted run";
  if (stored.some((algorithm) => algorithm.machine === machine)) return [];
  if (stored.length > 0) {
    return [
      `The algorithms of ${path} were chosen for ${stored[0].machine}; this is ${machine}: ${differs}.`,
    ];
  }
  if (!began?.startsWith("onednn")) return [];
  return [`${path} no longer says which algorithms it was trained with: ${differs}.`];
}
