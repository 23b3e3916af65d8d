/** Where images to look at a network with come from: data sets, folders, the photographs of a run. */
import { FileError } from "../../base/errors.ts";
import { ImageFolder, openDataset } from "../../data/index.ts";
import type { Image } from "../../records/image.ts";
import { readPhotosRecord } from "../photos/photo_config.ts";
import { openPhotos } from "../photos/photo_source.ts";

/** An image with its class, if that is known. */
export interface LookedImage {
  readonly name: string;
  readonly image: Image;
  readonly label: number | null;
}

/** Images by their places. */
export interface ImageCollection {
  readonly length: number;
  /** Whether those of one class follow each other. */
  readonly inOrder: boolean;
  readonly image: (index: number) => Promise<LookedImage>;
}

/** The images that a network was trained on, or tested with. */
export type OwnImages = (part: "train" | "test", read: ReadImage) => Promise<ImageCollection>;

/** Decodes an image file in the channels, and on the ground, that the network takes. */
export type ReadImage = (path: string) => Promise<Image>;

export function imagesOfDataset(
  name: string,
  dataDir: string | undefined,
  onProgress: ((text: string) => void) | undefined,
): OwnImages {
  return async (part) => {
    const options = { train: part === "train", dataDir, ...(onProgress !== undefined && { onProgress }) };
    const dataset = await openDataset(name, options);
    const image = async (index: number): Promise<LookedImage> => {
      const { label, ...pixels } = dataset.image(index);
      return { name: `${part}:${index}`, image: pixels, label };
    };
    return { length: dataset.length, inOrder: false, image };
  };
}

/**
 * The images of a folder that holds a folder for each class.
 *
 * @param classes - of the network: labels are theirs if they have the folders' names.
 */
export async function imagesOfFolder(
  folder: string,
  classes: readonly string[],
  read: ReadImage,
): Promise<ImageCollection> {
  const { samples, classes: folders } = await ImageFolder(folder);
  const image = async (index: number): Promise<LookedImage> => {
    const [path, label] = samples[index];
    const known = classes.indexOf(folders[label]);
    return { name: path, image: await read(path), label: known < 0 ? label : known };
  };
  return { length: samples.length, inOrder: true, image };
}

/**
 * The photographs of a run, without those that are gone. Test images are those that judged its epochs if it kept none for the
 * end.
 *
 * @throws FileError if none is left.
 */
export async function photographsOfRun(
  run: string,
  part: "train" | "test",
  read: ReadImage,
): Promise<ImageCollection> {
  const { config, images } = readPhotosRecord(run);
  const held = images.some(([, , split]) => split === "test") ? "test" : "val";
  const wanted = part === "train" ? "train" : held;
  const labels = new Map(images.flatMap(([name, label, split]) => (split === wanted ? [[name, label]] : [])));
  const { photos } = await openPhotos(config.photos);
  const chosen = photos.filter(({ name }) => labels.has(name));
  if (chosen.length === 0)
    throw new FileError(
      `none of the ${part} images of ${run} is left in ${config.photos}; bring them back, or name others with --image or --images`,
    );
  const image = async (index: number): Promise<LookedImage> => {
    const { path, name } = chosen[index];
    return { name, image: await read(path), label: labels.get(name) ?? null };
  };
  return { length: chosen.length, inOrder: true, image };
}
