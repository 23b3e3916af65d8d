/** Reads mutated files: whatever is in one, it is read or refused with a FileError. */
import { FileError } from "../../src/base/errors.ts";

/** A reader and files that it reads, to start from. */
export interface FuzzedReader {
  readonly name: string;
  readonly files: readonly Uint8Array[];
  read(bytes: Uint8Array): unknown;
}

export interface FuzzResult {
  readonly mutations: number;
  /** How many could still be read. */
  readonly read: number;
  /** Milliseconds of the processor for the slowest, and which it was: what else the machine does plays no part. */
  readonly slowest: number;
  readonly slowestIndex: number;
}

/** Reads `count` mutations; the same seed gives the same ones. */
export async function fuzz(reader: FuzzedReader, count: number, seed = 0, first = 0): Promise<FuzzResult> {
  let [read, slowest, slowestIndex] = [0, 0, first];
  for (let index = first; index < first + count; index++) {
    const bytes = mutation(reader.files, seed, index);
    const start = process.cpuUsage();
    try {
      await reader.read(bytes);
      read++;
    } catch (error) {
      if (!(error instanceof FileError)) {
        const where = `${reader.name}, seed ${seed}, mutation ${index}`;
        throw new Error(`${where}: ${(error as Error)?.stack ?? error}`, { cause: error });
      }
    }
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1000;
    if (took > slowest) [slowest, slowestIndex] = [took, index];
  }
  return { mutations: count, read, slowest, slowestIndex };
}

type Random = (below: number) => number;

/** Mulberry32, begun again for each mutation. */
function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** One of the files with one to eight changes. */
export function mutation(files: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const random = randomOf(seed, index);
  let bytes = new Uint8Array(files[random(files.length)]);
  for (let left = 1 + random(random(2) === 0 ? 1 : 8); left > 0; left--)
    bytes = changed(bytes, files, random);
  return bytes;
}

/** Numbers at the edges of what formats count in. */
const EDGES = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

function changed(
  bytes: Uint8Array<ArrayBuffer>,
  files: readonly Uint8Array[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length);
  const length = 1 + random(random(4) === 0 ? 256 : 8);
  const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  switch (random(9)) {
    case 0:
      if (bytes.length > 0) bytes[at] ^= 1 << random(8);
      return bytes;
    case 1:
      if (bytes.length > 0) bytes[at] = random(256);
      return bytes;
    case 2:
    case 3: {
      const size = [1, 2, 4, 8][random(4)];
      if (at + size > bytes.length) return bytes;
      const number = EDGES[random(EDGES.length)];
      const little = random(2) === 0;
      for (let i = 0; i < size; i++)
        bytes[at + (little ? i : size - 1 - i)] = i < 4 ? (number >>> (8 * i)) & 255 : random(2) * 255;
      return bytes;
    }
    case 4:
      return bytes.slice(0, at);
    case 5:
      return join(bytes.subarray(0, at), bytes.subarray(at + length));
    case 6:
      return join(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
    case 7: {
      const other = files[random(files.length)];
      const from = random(other.length);
      return join(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at + length));
    }
    default: {
      const noise = Uint8Array.from({ length }, () => random(256));
      return join(bytes.subarray(0, at), noise, bytes.subarray(at));
    }
  }
}
