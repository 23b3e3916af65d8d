/** Means over the epoch under way, as `metrics.jsonl` of a run has them. */
import type { EpochPoint } from "./lab_session.ts";
import type { StepPoint, TestPoint } from "./protocol.ts";

export class EpochSums {
  #images = 0;
  #loss: number[] = [];
  #right: number[] = [];

  clear(): void {
    this.#images = 0;
    this.#loss = [];
    this.#right = [];
  }

  add({ loss, accuracy }: StepPoint, images: number): void {
    this.#images += images;
    loss.forEach((value, i) => {
      this.#loss[i] = (this.#loss[i] ?? 0) + value * images;
      this.#right[i] = (this.#right[i] ?? 0) + accuracy[i] * images;
    });
  }

  /** The epoch's point, and a new epoch begins. */
  end({ step, epoch, networks }: TestPoint): EpochPoint {
    const images = Math.max(1, this.#images);
    const points = networks.map(({ loss, accuracy }, i) => ({
      epoch,
      trainLoss: (this.#loss[i] ?? 0) / images,
      trainAccuracy: (this.#right[i] ?? 0) / images,
      testLoss: loss,
      testAccuracy: accuracy,
      step,
    }));
    this.clear();
    return { networks: points };
  }
}
