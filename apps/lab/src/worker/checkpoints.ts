/** Checkpoints in memory: fewer and fewer of what is long ago. */
import type { CheckpointFacts } from "./protocol.ts";
import type { SavedNetwork } from "./trained_network.ts";

/** Where a training stood. */
export interface Place {
  /** Steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** Images of the epoch under way that are done. */
  readonly example: number;
}

export interface Checkpoint {
  readonly id: number;
  readonly place: Place;
  /** Epochs done, with the part of the one under way. */
  readonly epochs: number;
  readonly networks: readonly SavedNetwork[];
  accuracy: readonly (number | null)[];
}

const MOST = 60;
const MOST_BYTES = 256 * 2 ** 20;

/** After which steps one is made, beside the ends of epochs: often at first, when most happens. */
const EVERY = 50;
export const isCheckpointStep = (step: number): boolean =>
  step % EVERY === 0 || (step < EVERY && Number.isInteger(Math.log2(step)));

export class Checkpoints {
  #all: Checkpoint[] = [];
  #id = 0;

  get all(): readonly Checkpoint[] {
    return this.#all;
  }

  get facts(): CheckpointFacts[] {
    return this.#all.map(factsOf);
  }

  clear(): void {
    this.#all = [];
  }

  find(id: number): Checkpoint | undefined {
    return this.#all.find((one) => one.id === id);
  }

  /** The last one that was made at this step or before. */
  before(step: number): Checkpoint | undefined {
    return this.#all.findLast(({ place }) => place.step <= step);
  }

  at(step: number): Checkpoint | undefined {
    return this.#all.find(({ place }) => place.step === step);
  }

  add(checkpoint: Omit<Checkpoint, "id">): Checkpoint {
    const added = { ...checkpoint, id: ++this.#id };
    this.#all = [...this.#all.filter(({ place }) => place.step < checkpoint.place.step), added];
    this.#thin();
    return added;
  }

  /** What was trained after a step that is trained again. */
  dropAfter(step: number): void {
    this.#all = this.#all.filter(({ place }) => place.step <= step);
  }

  /** Of the one whose neighbours are nearest to each other, the others say most; the first and the last stay. */
  #thin(): void {
    const bytes = () =>
      this.#all.reduce((all, { networks }) => all + networks.reduce((sum, one) => sum + one.bytes, 0), 0);
    while (this.#all.length > 2 && (this.#all.length > MOST || bytes() > MOST_BYTES)) {
      const steps = this.#all.map(({ place }) => place.step);
      let least = 1;
      const gap = (i: number) => (steps[i + 1] - steps[i - 1]) / Math.max(1, steps[i]);
      for (let i = 2; i < steps.length - 1; i++) if (gap(i) < gap(least)) least = i;
      this.#all.splice(least, 1);
    }
  }
}

export const factsOf = ({ id, place, epochs, accuracy }: Checkpoint): CheckpointFacts => ({
  id,
  step: place.step,
  epoch: epochs,
  accuracy,
});
