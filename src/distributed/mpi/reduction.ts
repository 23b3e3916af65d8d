/**
 * An all-reduce whose sums do not depend on the number of ranks: ranks are the leaves of one binary tree, neighbours
 * first. Large arrays by recursive halving (each of two partners sums one half of what they share) and doubling (halves
 * are put together again); small ones whole. Both add the same numbers in the same order, for a + b is b + a.
 */
import { bytesOf } from "../../base/dtype.ts";
import type { Communicator, Mpi, NativeArray, PendingRequest } from "./mpi.ts";
import type { NativeOp } from "./mpi_abi.ts";

/** Work on the MPI thread: it yields while it waits, so that several are under way at once. */
export type Task = Generator<void, void, void>;

/**
 * Bytes up to which an array travels whole: between more ranks, and between two, which send as many bytes either way but
 * wait for one message in place of two.
 */
const [WHOLE_BYTES, WHOLE_BYTES_OF_TWO] = [32 * 1024, 2 ** 20];

/** Who takes part. */
export interface RankGroup {
  readonly mpi: Mpi;
  readonly communicator: Communicator;
  readonly rank: number;
  readonly size: number;
}

export function* waitForAll(mpi: Mpi, requests: readonly PendingRequest[]): Task {
  const left = [...requests];
  for (;;) {
    for (let i = left.length - 1; i >= 0; i--) if (mpi.test(left[i])) left.splice(i, 1);
    if (left.length === 0) return;
    yield;
  }
}

/**
 * @param scratch - address of as many bytes as the array has.
 * @param tag - of the messages, the same on every rank.
 */
export function* treeAllReduce(
  group: RankGroup,
  place: NativeArray,
  op: NativeOp,
  scratch: number,
  tag: number,
): Task {
  const bytes = place.count * bytesOf(place.type);
  if (bytes <= (group.size === 2 ? WHOLE_BYTES_OF_TWO : WHOLE_BYTES))
    yield* wholeAllReduce(group, place, op, scratch, tag);
  else yield* halvingAllReduce(group, place, op, scratch, tag);
}

function* wholeAllReduce(
  { mpi, communicator, rank, size }: RankGroup,
  place: NativeArray,
  op: NativeOp,
  scratch: number,
  tag: number,
): Task {
  for (let distance = 1; distance < size; distance *= 2) {
    const partner = rank ^ distance;
    yield* waitForAll(mpi, [
      mpi.receive({ ...place, address: scratch }, partner, tag, communicator),
      mpi.send(place, partner, tag, communicator),
    ]);
    mpi.combine(scratch, place, op);
  }
}

function* halvingAllReduce(
  { mpi, communicator, rank, size }: RankGroup,
  { address, count, type }: NativeArray,
  op: NativeOp,
  scratch: number,
  tag: number,
): Task {
  const width = bytesOf(type);
  const part = (from: number, to: number, base = address): NativeArray => ({
    address: base + from * width,
    count: to - from,
    type,
  });
  const path = halvingPath(rank, size, count).map(({ partner, own, other }) => ({
    ...{ partner, own: part(...own), other: part(...other) },
  }));
  for (const { partner, own, other } of path) {
    yield* waitForAll(mpi, [
      mpi.receive({ ...own, address: scratch }, partner, tag, communicator),
      mpi.send(other, partner, tag, communicator),
    ]);
    mpi.combine(scratch, own, op);
  }
  for (const { partner, own, other } of path.reverse()) {
    yield* waitForAll(mpi, [
      mpi.receive(other, partner, tag, communicator),
      mpi.send(own, partner, tag, communicator),
    ]);
  }
}

/** A meeting of two ranks in recursive halving: which elements each of them sums. */
export interface Halving {
  readonly partner: number;
  readonly own: readonly [from: number, to: number];
  readonly other: readonly [from: number, to: number];
}

/** The meetings of a rank, in order; for the doubling in the reverse order. */
export function halvingPath(rank: number, size: number, count: number): Halving[] {
  const path: Halving[] = [];
  let [begin, end] = [0, count];
  for (let distance = 1; distance < size; distance *= 2) {
    const partner = rank ^ distance;
    const middle = begin + Math.floor((end - begin) / 2);
    const [lower, upper] = [[begin, middle] as const, [middle, end] as const];
    const [own, other] = rank < partner ? [lower, upper] : [upper, lower];
    path.push({ partner, own, other });
    [begin, end] = own;
  }
  return path;
}

/** Whether ranks can be the leaves of one binary tree. */
export function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && (size & (size - 1)) === 0;
}
