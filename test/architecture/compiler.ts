/** TypeScript's compiler, for tests that compile something. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./sources.ts";

/** Compiles what the folder's tsconfig.json names; paths in what it prints begin at the folder. */
export function compile(folder: string): SpawnSyncReturns<string> {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  // Each checker thread checks again what it shares with the others: with other tests on all processors, one is faster.
  const options = ["--pretty", "false", "--singleThreaded"];
  return spawnSync(process.execPath, [compiler, "-p", folder, ...options], { cwd: folder, encoding: "utf8" });
}
