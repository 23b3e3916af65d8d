/** `convoyant train`: a network of the chapter by its name, or a classifier on photographs by their folder. */
import { existsSync } from "node:fs";
import { FileError } from "../../base/errors.ts";
import { isPhotosRun } from "../../experiments/photos/photo_config.ts";
import { isPhotographs } from "../../experiments/photos/photo_source.ts";
import { names } from "../../models/index.ts";
import type { Given } from "../command.ts";
import type { Output } from "../console/output.ts";
import { requireOptionsFor } from "./own_settings.ts";

/** Returns the exit code. */
export async function trainAny(what: string | null, given: Given, output: Output): Promise<number> {
  const { resume } = given;
  if (resume !== undefined ? isPhotosRun(resume) : what !== null && isPhotographs(what)) {
    requireOptionsFor("photographs", given);
    return (await import("./train_photos.ts")).trainOnPhotos(what, given, output);
  }
  if (what !== null && !names().includes(what) && /[\\/.]/.test(what)) throw noFolder(what);
  requireOptionsFor("network", given);
  return (await import("./train_network.ts")).trainNetwork(what, given, output);
}

function noFolder(what: string): FileError {
  return new FileError(
    existsSync(what)
      ? `${what} is neither a folder nor a .csv list; name a folder that holds a folder of images for each class`
      : `there is no ${what}; name a folder that holds a folder of images for each class, or a network (\`convoyant models\` lists them)`,
  );
}
