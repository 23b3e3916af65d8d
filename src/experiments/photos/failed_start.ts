/** A training that fails before anything of it was kept: no folder stays, and a network of another size of images is named. */
import { rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FileError, ShapeError } from "../../base/errors.ts";
import { RUN_FILES, runProgress } from "../../train/runs/run_folder.ts";
import { type StartNetwork, sideOf } from "./photo_network.ts";

/** Removes what a run's folder has before its first checkpoint; a folder that held something else stays. */
export function removeUnbegun(folder: string): void {
  const frozen = join(folder, "frozen");
  if ([folder, frozen].some((path) => runProgress(path) !== "none")) return;
  for (const file of [RUN_FILES.photos, RUN_FILES.onnx]) rmSync(join(folder, file), { force: true });
  for (const path of [frozen, folder])
    try {
      rmdirSync(path);
    } catch {
      // It is not there, or holds something of the user's.
    }
}

/** The error of a network that does not take images of the size that was chosen, in words of that choice. */
export function sizeError(error: unknown, { from, initial, preprocessing }: StartNetwork): unknown {
  if (!(error instanceof ShapeError) || initial !== "onnx") return error;
  const side = sideOf(preprocessing);
  return new FileError(
    `--from ${from}: its network does not take images of ${side} x ${side} pixels (${error.message}); name the side of those that it takes with --resize`,
    { cause: error },
  );
}
