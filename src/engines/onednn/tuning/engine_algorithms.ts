/** The engine's side of autotuning: what its first worker has chosen, and what it is to choose. */
import type { Autotuning } from "../../contract/engine.ts";
import { loadDnnl } from "../library/load_dnnl.ts";
import { type Chosen, machineOf, warnOfCache } from "./autotuner.ts";
import { measuredAlgorithms } from "./autotuning_cache.ts";

/** What the first worker reports. */
export type AutotuningNote =
  | { readonly work: string; readonly chosen: string | null }
  | { readonly problem: string };

/** Messages to the first worker: algorithms that come before its own. */
export interface AutotuningOrder {
  readonly adopt: Chosen;
}

export class EngineAlgorithms implements Autotuning {
  onChosen: Autotuning["onChosen"] = null;
  /** Sends an order to the first worker. */
  post: (order: AutotuningOrder) => void = () => {};
  readonly reproducible: boolean;
  readonly #chosen = new Map<string, string | null>();
  #adopted: Chosen = new Map();

  constructor(reproducible: boolean) {
    this.reproducible = reproducible;
  }

  get machine(): string | null {
    try {
      return machineOf(loadDnnl().dnnl);
    } catch {
      return null;
    }
  }

  get chosen(): Chosen {
    return this.#chosen;
  }

  get remembered(): Chosen {
    const { machine } = this;
    // The fixed rule needs no memory.
    const works = this.reproducible || machine === null ? undefined : measuredAlgorithms()[machine];
    return new Map(Object.entries(works ?? {}).map(([work, { chosen }]) => [work, chosen]));
  }

  get adopted(): Chosen {
    return this.#adopted;
  }

  adopt(given: Chosen): boolean {
    const before = this.#adopted;
    const differs = ([work, chosen]: [string, string | null]) =>
      given.has(work) ? given.get(work) !== chosen : before.has(work);
    const changes = [...this.#chosen].some(differs);
    if (changes) this.#chosen.clear();
    this.#adopted = given;
    this.post({ adopt: given });
    return changes;
  }

  /** Takes a note of the first worker's. */
  receive(note: AutotuningNote): void {
    if ("problem" in note) warnOfCache(note.problem);
    else this.note(note.work, note.chosen);
  }

  note(work: string, chosen: string | null): void {
    if (this.#chosen.has(work) && this.#chosen.get(work) === chosen) return;
    this.#chosen.set(work, chosen);
    this.onChosen?.(work, chosen);
  }
}
