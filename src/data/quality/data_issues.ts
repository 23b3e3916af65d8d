/** What is known of each image of a folder, and what is found in it. */
import type { CheckName, CheckThresholds } from "./checks.ts";
import type { ImageMeasures } from "./image_measures.ts";

/** An image that could be decoded. */
export interface CheckedImage {
  /** Where it is. */
  readonly path: string;
  /** Its path below the folder that was checked, with "/" on every system. */
  readonly name: string;
  /** The folder of its split; null if the data set has no splits. */
  readonly split: string | null;
  /** Its class; null if it is in no class folder. */
  readonly label: string | null;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly sha256: string;
  readonly measures: ImageMeasures;
}

/** An image that an issue is about. */
export interface IssueImage {
  readonly path: string;
  readonly name: string;
  readonly split: string | null;
  readonly label: string | null;
  /** What is said of this one: how it differs from the first, what was measured. Empty if nothing. */
  readonly note: string;
}

/** Something that was found. */
export interface DataIssue {
  readonly check: CheckName;
  /** In one sentence. */
  readonly message: string;
  /** None if a class is meant. */
  readonly images: readonly IssueImage[];
  /** What was measured: entropy, sharpness, a probability; null if there is no such number. */
  readonly value: number | null;
}

/** How many images a class has. */
export interface ClassCount {
  readonly name: string;
  readonly images: number;
  /** In the order of the splits; empty without splits. */
  readonly perSplit: readonly number[];
}

/** What was found in a folder of images. */
export interface FolderFindings {
  /** The folder, as it was named. */
  readonly root: string;
  /** Images that could be decoded. */
  readonly images: number;
  /** Folders of the splits, the training images first; none if there are no splits. */
  readonly splits: readonly string[];
  readonly classes: readonly ClassCount[];
  /** The checks that were made. */
  readonly checks: readonly CheckName[];
  /** In the order of the checks. */
  readonly issues: readonly DataIssue[];
  readonly thresholds: CheckThresholds;
}

/** An image, as an issue shows it. */
export function issueImage({ path, name, split, label }: Omit<IssueImage, "note">, note = ""): IssueImage {
  return { path, name, split, label, note };
}
