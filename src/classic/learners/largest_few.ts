/** The few items with the largest values; of equal ones those that came first. */
export class LargestFew {
  /** The largest first. */
  readonly items: number[] = [];
  readonly #values: number[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  offer(item: number, value: number): void {
    const values = this.#values;
    if (values.length === this.#count && (this.#count === 0 || value <= values[values.length - 1])) return;
    let at = values.length;
    while (at > 0 && values[at - 1] < value) at--;
    values.splice(at, 0, value);
    this.items.splice(at, 0, item);
    if (values.length > this.#count) {
      values.pop();
      this.items.pop();
    }
  }

  /** `count` values from `from` on; the first belongs to `firstItem`, and so on. */
  offerAll(values: Float32Array, from: number, count: number, firstItem: number): void {
    const isFull = () => this.#values.length >= this.#count;
    // Nearly all of very many are too small.
    let least = isFull() ? this.#values[this.#count - 1] : Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      if (values[from + i] <= least) continue;
      this.offer(firstItem + i, values[from + i]);
      if (isFull()) least = this.#values[this.#count - 1];
    }
  }
}
