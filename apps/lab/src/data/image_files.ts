/** Own images inside the file of an experiment: as PNG, in a folder for each class. */
import { data } from "convoyant";
import { LabError } from "../worker/problem.ts";
import { KEPT_SIDE } from "./decode_square.ts";
import { ImageDatabase, type KeptImage } from "./image_database.ts";

const FOLDER = "images";

/** The images of these classes by their paths in the file. */
export async function imagesForFile(classes: readonly string[]): Promise<Record<string, Uint8Array>> {
  const database = await ImageDatabase.open();
  const files: Record<string, Uint8Array> = {};
  try {
    for (const [c, className] of classes.entries())
      for (const [i, { rgb }] of (await database.list(className)).entries())
        files[`${FOLDER}/${c + 1}/${i + 1}.png`] = data.encodePng({
          width: KEPT_SIDE,
          height: KEPT_SIDE,
          channels: 3,
          data: rgb,
        });
    return files;
  } finally {
    database.close();
  }
}

/**
 * Keeps the images of a file. A class of the same name that holds other images stays, under another name.
 *
 * @returns how many images there were.
 */
export async function keepImagesOfFile(
  files: Readonly<Record<string, Uint8Array>>,
  classes: readonly string[],
): Promise<number> {
  const images: KeptImage[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    const found = /^images\/(\d{1,4})\/(\d{1,6})\.png$/.exec(path);
    const className = found === null ? undefined : classes[Number(found[1]) - 1];
    if (found === null || className === undefined) continue;
    const { width, height, data: rgb } = await data.decodeImage(bytes, { channels: 3 });
    if (width !== KEPT_SIDE || height !== KEPT_SIDE)
      throw new LabError(
        "bad experiment",
        `${path} is ${width} x ${height} pixels, and ${KEPT_SIDE} x ${KEPT_SIDE} are expected`,
      );
    images.push({ className, name: `${found[2]}.png`, rgb: new Uint8Array(rgb) });
  }
  if (images.length === 0) return 0;
  const database = await ImageDatabase.open();
  try {
    for (const className of classes) {
      const own = images.filter((image) => image.className === className);
      if (areSame(await database.list(className), own)) continue;
      await setAside(database, className);
      await database.addClass(className);
      for (let from = 0; from < own.length; from += 256) await database.add(own.slice(from, from + 256));
    }
    return images.length;
  } finally {
    database.close();
  }
}

const areSame = (some: readonly KeptImage[], others: readonly KeptImage[]): boolean =>
  some.length === others.length &&
  some.every(({ rgb }, i) => rgb.every((level, at) => level === others[i].rgb[at]));

/** Frees a class's name: its images are the person's own, and are kept. */
async function setAside(database: ImageDatabase, className: string): Promise<void> {
  const classes = await database.classes();
  const found = classes.find(({ name }) => name === className);
  if (found === undefined || found.count === 0) return;
  const taken = new Set(classes.map(({ name }) => name));
  let number = 2;
  while (taken.has(`${className} (${number})`)) number++;
  await database.rename(className, `${className} (${number})`);
}
