/** The images of an experiment, from wherever they are. */
import type { DataSource } from "../experiment/experiment.ts";
import { LabError } from "../worker/problem.ts";
import { loadFashionMnist } from "./fashion_mnist.ts";
import { countsOf, type DataProgress, type LabData } from "./lab_data.ts";

/**
 * Loads images.
 *
 * @param base - address of the page's folder.
 * @param size - edge in pixels that own images are brought to: of the network that takes the largest.
 * @throws LabError "data missing", or "one class" if fewer than two classes have images.
 */
export async function loadData(
  source: DataSource,
  base: string,
  size: number,
  progress: DataProgress,
): Promise<LabData> {
  const loaded = await load(source, base, size, progress);
  const filled = countsOf(loaded).filter((count) => count > 0).length;
  if (filled < 2)
    throw new LabError(
      "one class",
      filled === 0
        ? "there are not images to train on: add some to at least two classes"
        : "only one class has images: a network learns to tell classes apart, so add images to a second one",
      { classes: filled },
    );
  return loaded;
}

async function load(
  source: DataSource,
  base: string,
  size: number,
  progress: DataProgress,
): Promise<LabData> {
  if (source.kind === "fashion-mnist") return loadFashionMnist(base, source.subset, progress);
  const { loadOwnImages, loadServedFolder } = await import("./own_images.ts");
  return source.kind === "images"
    ? loadOwnImages(source, size, progress)
    : loadServedFolder(source, base, size, progress);
}
