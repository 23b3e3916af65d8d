/** Steps are told together: a message for each would keep the page busy, and numbers that change faster cannot be read. */
import type { Events, StepPoint } from "./protocol.ts";

const MILLISECONDS = 100;

export class StepMessages {
  readonly #send: (event: Events["steps"]) => void;
  #points: StepPoint[] = [];
  #images = 0;
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(send: (event: Events["steps"]) => void) {
    this.#send = send;
  }

  add(point: StepPoint, images: number): void {
    const now = performance.now();
    if (this.#points.length === 0 && this.#since === 0) this.#since = now;
    this.#points.push(point);
    this.#images += images;
    // The first step is told at once.
    if (now - this.#since >= MILLISECONDS || point.step === 1) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), MILLISECONDS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#points.length === 0) return;
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    const points = this.#points;
    const imagesPerSecond = seconds > 0 ? this.#images / seconds : 0;
    this.#points = [];
    this.#images = 0;
    this.#since = now;
    this.#send({ points, imagesPerSecond });
  }
}
