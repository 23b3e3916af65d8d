/** Bookkeeping of one linear memory: which byte ranges are taken. The bytes themselves are elsewhere. */

import { aligned } from "./memory_layout.ts";

interface Hole {
  address: number;
  bytes: number;
}

/** Allocation over addresses `base` to `limit`. All addresses and sizes are multiples of 64. */
export class AddressSpace {
  readonly #limit: number;
  /** Free ranges below `#top`, by address; no two touch. */
  #holes: Hole[] = [];
  #top: number;

  constructor(base: number, limit: number) {
    this.#top = base;
    this.#limit = limit;
  }

  /** The first address above everything that was ever taken and is still below a taken range. */
  get top(): number {
    return this.#top;
  }

  /** A copy of the same ranges, to see what would fit. */
  copy(): AddressSpace {
    const other = new AddressSpace(this.#top, this.#limit);
    other.#holes = this.#holes.map((hole) => ({ ...hole }));
    return other;
  }

  /** An address of `bytes` free bytes in the tightest place, or undefined if there is none. */
  take(bytes: number): number | undefined {
    const size = aligned(bytes);
    let best: Hole | undefined;
    for (const hole of this.#holes) {
      if (hole.bytes >= size && (best === undefined || hole.bytes < best.bytes)) best = hole;
    }
    return this.#takeFrom(best, size);
  }

  /** The lowest address of `bytes` free bytes, or undefined if there is none. */
  takeLowest(bytes: number): number | undefined {
    const size = aligned(bytes);
    return this.#takeFrom(
      this.#holes.find((hole) => hole.bytes >= size),
      size,
    );
  }

  /** Takes the start of the hole, or what is above everything. */
  #takeFrom(hole: Hole | undefined, size: number): number | undefined {
    if (hole !== undefined) {
      const address = hole.address;
      hole.address += size;
      hole.bytes -= size;
      if (hole.bytes === 0) this.#holes.splice(this.#holes.indexOf(hole), 1);
      return address;
    }
    if (this.#top + size > this.#limit) return undefined;
    const address = this.#top;
    this.#top += size;
    return address;
  }

  give(address: number, bytes: number): void {
    const size = aligned(bytes);
    if (size === 0) return;
    let i = this.#holes.findIndex((hole) => hole.address > address);
    if (i < 0) i = this.#holes.length;
    this.#holes.splice(i, 0, { address, bytes: size });
    this.#join(i);
    this.#join(i - 1);
    const last = this.#holes.at(-1);
    if (last !== undefined && last.address + last.bytes === this.#top) {
      this.#top = last.address;
      this.#holes.pop();
    }
  }

  #join(i: number): void {
    const [hole, next] = [this.#holes[i], this.#holes[i + 1]];
    if (hole === undefined || next === undefined || hole.address + hole.bytes !== next.address) return;
    hole.bytes += next.bytes;
    this.#holes.splice(i + 1, 1);
  }
}
