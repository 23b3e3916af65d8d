/** `convoyant train`: a network of the chapter by its name, or a classifier on photographs by their folder. */
import { existsSync } from "node:fs";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { isPhotosRun } from "../../experiments/photos/photo_config.ts";
import { namesPhotos } from "../../experiments/photos/photo_source.ts";
import { names } from "../../models/index.ts";
import type { Output } from "../console/output.ts";
import { requireOptionsFor } from "./own_settings.ts";

/** Options as they were given. */
type Given = Readonly<Record<string, any>>;

/** Returns the exit code. */
export async function trainAny(what: string | null, options: Given, output: Output): Promise<number> {
  const { out = null, resume = null, checkpointSeconds, findLr = false, lab = null, ...given } = options;
  if (isOfPhotos(what, resume)) {
    requireOptionsFor("photographs", options);
    const { trainPhotosCommand } = await import("./train_photos_command.ts");
    const command = { photos: what, given, out, resume, findLr, checkpointSeconds, lab };
    return trainPhotosCommand(command, output);
  }
  if (what !== null && !names().includes(what) && /[\\/.]/.test(what)) throw noFolder(what);
  requireOptionsFor("network", options);
  if (findLr) {
    if (what === null)
      throw new ArgumentError(
        "train: --find-lr needs a model or a folder of photographs: convoyant train lenet --find-lr",
      );
    const { findLrCommand } = await import("./find_lr_command.ts");
    return findLrCommand(what, given, output);
  }
  const { trainCommand } = await import("./train_command.ts");
  return trainCommand({ model: what, given, out, resume, checkpointSeconds, lab }, output);
}

/** The name of a network is one also if there is a folder of that name. */
function isOfPhotos(what: string | null, resume: string | null): boolean {
  if (resume !== null) return isPhotosRun(resume);
  return what !== null && !names().includes(what) && namesPhotos(what);
}

function noFolder(what: string): FileError {
  return new FileError(
    existsSync(what)
      ? `${what} is neither a folder nor a .csv list; name a folder that holds a folder of images for each class`
      : `there is no ${what}; name a folder that holds a folder of images for each class, or a network (\`convoyant models\` lists them)`,
  );
}
