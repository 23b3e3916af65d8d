/** Plain data of ranks: structured clones that cross as bytes. Node.js only. */
import type { MpiClient } from "../mpi/mpi_client.ts";
import { sharedArray } from "../shared_elements.ts";

function v8(): typeof import("node:v8") {
  return process.getBuiltinModule("node:v8");
}

/** A value of every rank, by rank. Every rank calls it. */
export async function gatherValues<T>(
  client: MpiClient,
  rank: number,
  worldSize: number,
  own: T,
): Promise<T[]> {
  const bytes = v8().serialize(own);
  const lengths = sharedArray("float64", worldSize);
  lengths[rank] = bytes.length;
  await client.collective({
    kind: "allGather",
    elements: { buffer: lengths.buffer, count: 1, type: "float64" },
  });
  const most = Math.max(...lengths);
  const all = sharedArray("uint8", most * worldSize);
  all.set(bytes, most * rank);
  await client.collective({
    kind: "allGather",
    elements: { buffer: all.buffer, count: most, type: "uint8" },
  });
  return Array.from(lengths, (length, i) => v8().deserialize(all.slice(i * most, i * most + length)) as T);
}

/** Rank 0's value on every rank; what others give does not matter. */
export async function valueOfRank0<T>(client: MpiClient, rank: number, own: T | null): Promise<T> {
  const bytes = rank === 0 ? v8().serialize(own) : new Uint8Array(0);
  const length = sharedArray("float64", 1);
  length[0] = bytes.length;
  await client.collective({
    kind: "broadcast",
    elements: { buffer: length.buffer, count: 1, type: "float64" },
    from: 0,
  });
  const data = sharedArray("uint8", length[0]);
  if (rank === 0) data.set(bytes);
  await client.collective({
    kind: "broadcast",
    elements: { buffer: data.buffer, count: data.length, type: "uint8" },
    from: 0,
  });
  return v8().deserialize(data.slice()) as T;
}
