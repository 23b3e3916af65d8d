/** A run's folder, which only rank 0's machine has: its files, on every rank. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startedWorld } from "../world.ts";
import { valueOfRank0 } from "./gather_values.ts";

/** By their paths in the folder; null if rank 0 has no such folder. */
type RunFiles = ReadonlyMap<string, Uint8Array> | null;

/** Every rank calls it. @param folder - on rank 0. */
export async function filesOfRank0(folder: string): Promise<RunFiles> {
  const world = startedWorld();
  const own = world?.rank === 0 ? filesIn(folder) : null;
  if (world === null || world.client === null) return own;
  return valueOfRank0<RunFiles>(world.client, world.rank, own);
}

function filesIn(folder: string): RunFiles {
  if (!existsSync(folder)) return null;
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  // A lock belongs to rank 0's process.
  const files = names.filter((name) => !name.endsWith(".lock") && statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
}

export function writeFiles(files: ReadonlyMap<string, Uint8Array>, folder: string): void {
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
