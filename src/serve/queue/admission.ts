/** How many images are taken before requests are refused: a queue that only grows gives no answer in time. */
import { Refusal } from "../http/exchange.ts";

/** Of how long an image takes, the newest counts this much. */
const WEIGHT = 0.1;

const MOST_SECONDS = 60;

export class Admission {
  readonly capacity: number;
  #taken = 0;
  /** Seconds from one image that is answered to the next while there is work. */
  #secondsEach = 0;
  #lastAnswer = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Images that were taken and have no answer yet. */
  get taken(): number {
    return this.#taken;
  }

  /** @throws Refusal (503, with Retry-After) if there is no room for as many images. */
  check(images: number): void {
    if (this.#taken + images > this.capacity)
      throw new Refusal(
        503,
        "queue_full",
        `${this.#taken} images wait already, and at most ${this.capacity} can; try again later`,
        { headers: { "retry-after": String(this.retryAfter()) } },
      );
  }

  /** @throws as `check`. */
  take(images: number): void {
    this.check(images);
    if (this.#taken === 0) this.#lastAnswer = performance.now();
    this.#taken += images;
  }

  /** An image was answered, or left. */
  give(): void {
    const now = performance.now();
    const seconds = (now - this.#lastAnswer) / 1000;
    this.#secondsEach =
      this.#secondsEach === 0 ? seconds : (1 - WEIGHT) * this.#secondsEach + WEIGHT * seconds;
    this.#lastAnswer = now;
    this.#taken--;
  }

  /** Seconds until what waits is answered, 1 to 60. */
  retryAfter(): number {
    return Math.min(MOST_SECONDS, Math.max(1, Math.ceil(this.#taken * this.#secondsEach)));
  }
}
