/**
 * The all-reduce of gradients that cross as bfloat16: half the bytes. They are added as 32-bit floats in the binary tree of
 * ranks (see `reduction.ts`), and every sum is rounded to bfloat16, as the sums of shards on a rank are: so the result does
 * not depend on the number of ranks.
 */
import type { PendingRequest } from "./mpi.ts";
import { halvingPath, type RankGroup, type Task, waitForAll } from "./reduction.ts";

// A float and its bits.
const sum = new Float32Array(1);
const bits = new Uint32Array(sum.buffer);
const other = new Float32Array(1);
const otherBits = new Uint32Array(other.buffer);

/** The upper half of the float in `bits`, rounded to the nearest, ties to even. */
function rounded(): number {
  const word = bits[0];
  // A NaN stays one: rounding could make infinity of it.
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** Floats in the engine's memory that are bfloat16 already, and room for what is sent and received. */
export interface Bfloat16Place {
  /** 32-bit floats; their lower halves are zero. */
  readonly words: Uint32Array;
  readonly outgoing: Uint16Array;
  readonly incoming: Uint16Array;
}

/** @param tag - of the messages, the same on every rank. */
export function* bfloat16AllReduce(group: RankGroup, place: Bfloat16Place, tag: number): Task {
  const { rank } = group;
  const path = halvingPath(rank, group.size, place.words.length);
  for (const { partner, own, other: theirs } of path) {
    yield* exchange(group, place, { partner, sent: theirs, received: own, tag });
    addTo(place.words, own[0], place.incoming, own[1] - own[0]);
  }
  for (const { partner, own, other: theirs } of path.reverse()) {
    yield* exchange(group, place, { partner, sent: own, received: theirs, tag });
    const [from, to] = theirs;
    for (let i = from; i < to; i++) place.words[i] = place.incoming[i - from] << 16;
  }
}

type Range = readonly [from: number, to: number];

interface Exchange {
  readonly partner: number;
  readonly sent: Range;
  readonly received: Range;
  readonly tag: number;
}

function* exchange(
  { mpi, communicator }: RankGroup,
  { words, outgoing, incoming }: Bfloat16Place,
  { partner, sent: [from, to], received, tag }: Exchange,
): Task {
  for (let i = from; i < to; i++) outgoing[i - from] = words[i] >>> 16;
  const bytes = (array: Uint16Array, count: number) => ({
    ...{ address: mpi.addressOf(array), count: 2 * count, type: "uint8" as const },
  });
  const requests: PendingRequest[] = [
    mpi.receive(bytes(incoming, received[1] - received[0]), partner, tag, communicator),
    mpi.send(bytes(outgoing, to - from), partner, tag, communicator),
  ];
  yield* waitForAll(mpi, requests);
}

function addTo(words: Uint32Array, from: number, incoming: Uint16Array, count: number): void {
  for (let i = 0; i < count; i++) {
    bits[0] = words[from + i];
    otherBits[0] = incoming[i] << 16;
    sum[0] += other[0];
    words[from + i] = rounded() << 16;
  }
}
