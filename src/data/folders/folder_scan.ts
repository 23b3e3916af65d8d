/** What a look through a folder of class folders finds. */
import type { ImageFormat } from "../../io/images/image_format.ts";

/** An image whose header was recognised. */
export interface ScannedImage {
  /** Where it is: the root that was given, then `name`. */
  readonly path: string;
  /** Its path below the root, with "/" on every system: "cat/kittens/1.jpg". */
  readonly name: string;
  /** The number of its class. */
  readonly label: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Its format, by its first bytes. */
  readonly format: ImageFormat;
}

/** A file or folder that is not counted, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

/** Images in class folders, as they lie on the disk. */
export interface FolderScan {
  /** The folder that was looked through. */
  readonly root: string;
  /** Names of the classes in the order of their numbers, in Unicode's normal form C. */
  readonly classes: readonly string[];
  /** The images in torchvision's order: by class, folder and name. */
  readonly images: readonly ScannedImage[];
  /** Images that cannot be read: of a format that is not decoded, empty, cut short, without permission, broken links. */
  readonly unreadable: readonly LeftOut[];
  /** What is hidden, no image, outside of any class folder, or a link to what is counted already. */
  readonly skipped: readonly LeftOut[];
  /** Images right in the root, in no class folder; they are in `skipped` too. */
  readonly looseImages: number;
}

/** A part of a data set that has a folder of its own. */
export type SplitName = "train" | "val" | "test";

/** A folder `train/`, `val/` or `test/`, or by another usual name. */
export interface SplitFolder {
  readonly split: SplitName;
  /** Its name as it is. */
  readonly folder: string;
  readonly path: string;
}

/** What is scanned, beside the folder itself. */
export interface ScanOptions {
  /** The classes in order, from another part of the data set; default: the class folders, sorted. */
  readonly classes?: readonly string[];
}
