/** First byte of the engine's memory that the kernel binaries leave alone. */
export const HEAP_BASE = 65536;

/** Bytes of which every address is a multiple: a cache line. */
export const ALIGNMENT = 64;

/** Hands out places in a scratch area, each at a multiple of 64 bytes. */
export class ScratchLayout {
  /** Size of the area so far. */
  bytes = 0;

  /** Offset of a new place of `bytes`. */
  take(bytes: number): number {
    const offset = this.bytes;
    this.bytes += aligned(bytes);
    return offset;
  }
}

/** How a whole is cut into units. */
export interface Split {
  readonly units: number;
  /** Size of each unit but perhaps the last. */
  readonly size: number;
}

/** Cuts `total` into at most `wanted` units whose size is a multiple of `grain`. */
export function split(total: number, wanted: number, grain = 1): Split {
  const size = Math.ceil(Math.ceil(total / Math.max(1, wanted)) / grain) * grain;
  return { units: Math.ceil(total / size), size };
}

/** `value` rounded up to a multiple of `grain`. */
export function roundUp(value: number, grain: number): number {
  return Math.ceil(value / grain) * grain;
}

/** A size or an address, rounded up to a multiple of `ALIGNMENT`. */
export function aligned(bytes: number): number {
  return roundUp(bytes, ALIGNMENT);
}
