/** Image folders in a page (`#image_folders`; Node.js has `node_folders.ts`): there are none. */
import { ArgumentError } from "../../base/errors.ts";

/** @throws ArgumentError always. */
export async function openFolder(): Promise<never> {
  throw new ArgumentError(
    "ImageFolder: a page cannot read folders; give data.ImageList the files that were chosen, with their labels",
  );
}
