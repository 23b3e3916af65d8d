/** A training that is one of several ranks: where it finds its run, and where it works. Node only. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { trainingRanks } from "../../train/loop/ranks.ts";
import { type InitOptions, init } from "../index.ts";
import { filesOfRank0, writeFiles } from "./files_of_rank0.ts";

/** What a rank trains with. */
export interface TrainingRank {
  /** Whether it keeps the run and reports it: rank 0. */
  readonly isFirst: boolean;
  /** Of any other rank the folder of its run, or that of a run to go on with: it is removed afterwards. */
  readonly own?: { readonly out: string } | { readonly resume: string };
}

/**
 * Trains as one of the ranks that a launcher has started: rank 0 keeps the run, the others work in a folder that they throw
 * away. A rank that fails ends the others.
 *
 * @param resume - the run that rank 0 goes on with, which another machine may not have.
 * @throws ArgumentError if rank 0 has no such run.
 */
export async function trainAsRank<T>(
  options: InitOptions,
  resume: string | undefined,
  train: (place: TrainingRank) => Promise<T>,
): Promise<T> {
  const { rank } = await init(options);
  try {
    const files = resume === undefined ? null : await filesOfRank0(resume);
    if (rank === 0) return await train({ isFirst: true });
    if (resume !== undefined && files === null)
      throw new ArgumentError(`train: rank 0 has no run ${resume} to go on with`);
    return await inOwnFolder(files, train);
  } catch (error) {
    trainingRanks()?.leave(error);
    throw error;
  }
}

async function inOwnFolder<T>(
  files: ReadonlyMap<string, Uint8Array> | null,
  train: (place: TrainingRank) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-rank-"));
  const own = join(folder, "run");
  try {
    if (files === null) return await train({ isFirst: false, own: { out: own } });
    writeFiles(files, own);
    return await train({ isFirst: false, own: { resume: own } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
