/** Which data the experiment has. */
import { signal } from "@preact/signals";
import { experiment, prepare } from "./lab.ts";
import { ownClasses } from "./own_images.ts";

/** A folder that the command line serves. */
export interface ServedFolder {
  readonly name: string;
  readonly classes: readonly string[];
}

export const servedFolders = signal<readonly ServedFolder[]>([]);

/** @param choice - "subset", "full", "images", or "folder:" with its name. */
export async function chooseData(choice: string): Promise<void> {
  const now = experiment.peek();
  if (choice === "images") {
    // New data are loaded when the person says that the images are complete.
    const classes = ownClasses
      .peek()
      .filter(({ count }) => count > 0)
      .map(({ name }) => name);
    experiment.value = { ...now, data: { kind: "images", classes, channels: 1 } };
    return;
  }
  const folder = servedFolders.peek().find(({ name }) => choice === `folder:${name}`);
  experiment.value = {
    ...now,
    data:
      folder === undefined
        ? { kind: "fashion-mnist", subset: choice === "subset" }
        : { kind: "folder", name: folder.name, classes: folder.classes, channels: 3 },
  };
  await prepare();
}
