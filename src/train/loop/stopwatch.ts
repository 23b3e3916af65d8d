/** Time spent in training steps alone, as the book counts examples per second. */
export class Stopwatch {
  private total = 0;
  private since = 0;
  private examples = 0;

  start(): void {
    this.since = performance.now();
  }

  stop(examples: number): void {
    this.total += performance.now() - this.since;
    this.examples += examples;
  }

  /** Whether there were examples. */
  get hasRun(): boolean {
    return this.examples > 0;
  }

  /** Examples per second; 0 before the first. */
  rate(): number {
    return this.total === 0 ? 0 : (1000 * this.examples) / this.total;
  }
}
