/** The base of the schedules that multiply the learning rate. */
import { Scheduler } from "./scheduler.ts";

/** Each epoch's rate is the last one's times a factor. */
export abstract class FactorScheduler extends Scheduler {
  /** Factor on the way to `epoch` from the one before. */
  protected abstract factor(epoch: number): number;

  /** Rate at epoch 0 over the one at the start. */
  protected firstFactor(): number {
    return 1;
  }

  protected override ownNumbers(): Record<string, readonly unknown[]> {
    return {};
  }

  protected override rates(): number[] {
    const factor = this.lastEpoch === 0 ? this.firstFactor() : this.factor(this.lastEpoch);
    return this.currentRates().map((lr) => lr * factor);
  }

  protected override restartRates(): number[] {
    return this.baseLrs.map((lr) => lr * this.firstFactor());
  }
}
