/** Bookkeeping of one linear memory: which byte ranges are taken. The bytes themselves are elsewhere. */

const ALIGNMENT = 64;

interface Hole {
  address: number;
  bytes: number;
}

/** Best-fit allocation over addresses `base` to `limit`. All addresses and sizes are multiples of 64. */
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

  /** An address of `bytes` free bytes, or undefined where there is none. */
  take(bytes: number): number | undefined {
    const size = roundUp(bytes);
    let best: Hole | undefined;
    for (const hole of this.#holes) {
      if (hole.bytes >= size && (best === undefined || hole.bytes < best.bytes)) best = hole;
    }
    if (best !== undefined) {
      const address = best.address;
      best.address += size;
      best.bytes -= size;
      if (best.bytes === 0) this.#holes.splice(this.#holes.indexOf(best), 1);
      return address;
    }
    if (this.#top + size > this.#limit) return undefined;
    const address = this.#top;
    this.#top += size;
    return address;
  }

  give(address: number, bytes: number): void {
    const size = roundUp(bytes);
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

/** The next multiple of 64. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
