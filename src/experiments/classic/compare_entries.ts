/** What a comparison is made of. */
import type { GivenSettings } from "../training_config.ts";

/** A network that is trained, and how. */
export interface NetworkEntry {
  readonly kind: "network";
  /** As it was named. */
  readonly name: string;
  readonly model: string;
  /** What is not as the chapter has it. */
  readonly given: GivenSettings;
  /** How training images are changed at random: `crop`, `flip`. */
  readonly augment: readonly string[];
  /** The power of (largest / size) by which a smaller training set gets more epochs. */
  readonly growth: number;
}

/** What is compared. */
export type CompareEntry =
  | {
      readonly kind: "pipeline";
      readonly name: string;
      readonly features: string;
      readonly classifier: string;
    }
  | NetworkEntry
  | { readonly kind: "run"; readonly name: string };

/** One training. */
export interface ComparePoint {
  readonly name: string;
  readonly learned: boolean;
  /** Training images. */
  readonly size: number;
  readonly testAccuracy: number;
  /** NaN if it is not known. */
  readonly trainSeconds: number;
  readonly predictPerSecond: number;
  readonly modelBytes: number;
}

/** How a comparison is done. */
export interface CompareSettings {
  readonly data: string;
  readonly dataDir?: string | undefined;
  readonly side: number;
  readonly seed: number;
  readonly sizes: readonly number[];
  /** Of networks that do not say it themselves, at the largest size. */
  readonly epochs: number;
  readonly onNote?: (text: string) => void;
  readonly onPoint?: (point: ComparePoint) => void;
}
