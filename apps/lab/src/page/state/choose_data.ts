/** Which data the experiment has. */
import { experiment, prepare } from "./lab.ts";
import { ownClasses } from "./own_images.ts";
import { served } from "./served.ts";

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
  const folder = served.peek().folders.find(({ name }) => choice === `folder:${name}`);
  experiment.value = {
    ...now,
    data:
      folder === undefined
        ? { kind: "fashion-mnist", subset: choice === "subset" }
        : { kind: "folder", name: folder.name, classes: folder.classes, channels: 3 },
  };
  await prepare();
}
