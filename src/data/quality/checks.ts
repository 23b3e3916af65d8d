/** What a folder of images is checked for: one entry holds everything about one check. */

/** Where a check draws the line. */
export interface CheckThresholds {
  /** Bits in which perceptual hashes of near duplicates may differ, of 64. @default 8 */
  readonly hashDistance: number;
  /** The least correlation of near duplicates, shrunk to 16 by 16 pixels in colour. @default 0.95 */
  readonly correlation: number;
  /** Blurry: variance of the Laplacian below this (the customary value), at 512 pixels at most. @default 100 */
  readonly sharpness: number;
  /** Blurry: and also that variance over the variance of the image below this. @default 0.03 */
  readonly relativeSharpness: number;
  /** Too dark: 99 % of the pixels at most this bright, 0 to 1. @default 0.32 */
  readonly dark: number;
  /** Too bright: 95 % of the pixels at least this bright, 0 to 1. @default 0.95 */
  readonly bright: number;
  /** Low information: entropy of the histogram below this, in bits. @default 1 */
  readonly entropy: number;
  /** Odd size: this many times more or fewer pixels than the median. @default 10 */
  readonly size: number;
  /** Odd aspect ratio: shorter side over longer side below this. @default 0.35 */
  readonly aspect: number;
  /** Class imbalance: fewer images than this share of an even part. @default 0.1 */
  readonly imbalance: number;
}

/** The thresholds that `convoyant data check` uses. */
export const THRESHOLDS: CheckThresholds = {
  hashDistance: 8,
  correlation: 0.95,
  sharpness: 100,
  relativeSharpness: 0.03,
  dark: 0.32,
  bright: 0.95,
  entropy: 1,
  size: 10,
  aspect: 0.35,
  imbalance: 0.1,
};

/** One check. */
export interface CheckEntry {
  /** As on the command line and in JSON. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** What counts, and what to do about it. */
  readonly about: (thresholds: CheckThresholds) => string;
}

/** All checks, the most important first. */
export const CHECKS = [
  {
    name: "unreadable",
    title: "Unreadable files",
    about: () => "They cannot be decoded, and are left out of training. Restore or remove them.",
  },
  {
    name: "leakage",
    title: "Duplicates across splits",
    about: (t) =>
      "Images of one split that are in another one too, as the same file or nearly the same image: what is measured on " +
      `them says nothing about new images. Keep them in one split. ${nearly(t)}`,
  },
  {
    name: "conflicting-labels",
    title: "Duplicates with different labels",
    about: (t) => `The same image in several classes: at most one of the labels is right. ${nearly(t)}`,
  },
  {
    name: "wrong-label",
    title: "Labels likely wrong",
    about: () =>
      "A classifier on the features of the run's network, which did not see the image, is surer of another class than it " +
      "usually is of that class (confident learning, Northcutt et al. 2021). Look at them; not all are wrong.",
  },
  {
    name: "exact-duplicates",
    title: "Exact duplicates",
    about: () => "Files with the same bytes (SHA-256). One of them is enough.",
  },
  {
    name: "near-duplicates",
    title: "Near duplicates",
    about: (t) =>
      `Images that look the same: other sizes, compression, or shots of a series. Keep one. ${nearly(t)}`,
  },
  {
    name: "blurry",
    title: "Blurry",
    about: (t) =>
      `The variance of the Laplacian is below ${t.sharpness}, and below ${t.relativeSharpness} of the image's own variance.`,
  },
  {
    name: "dark",
    title: "Too dark",
    about: (t) => `99 % of the pixels are at most ${percent(t.dark)} bright.`,
  },
  {
    name: "bright",
    title: "Too bright",
    about: (t) => `95 % of the pixels are at least ${percent(t.bright)} bright.`,
  },
  {
    name: "low-information",
    title: "Low information",
    about: (t) =>
      `The entropy of the brightness is below ${t.entropy} ${t.entropy === 1 ? "bit" : "bits"}: nearly one level everywhere.`,
  },
  {
    name: "odd-size",
    title: "Odd size",
    about: (t) => `${t.size} times more or fewer pixels than the median image.`,
  },
  {
    name: "odd-aspect",
    title: "Odd aspect ratio",
    about: (t) => `The shorter side is less than ${percent(t.aspect)} of the longer one.`,
  },
  {
    name: "class-imbalance",
    title: "Class imbalance",
    about: (t) =>
      `Classes with less than ${percent(t.imbalance)} of the images that each would have if all had as many, or missing ` +
      "in a split. Collect more, or weigh classes (data.classWeights, data.WeightedRandomSampler).",
  },
] as const satisfies readonly CheckEntry[];

/** The name of a check. */
export type CheckName = (typeof CHECKS)[number]["name"];

function nearly({ hashDistance, correlation }: CheckThresholds): string {
  return (
    `Nearly the same: perceptual hashes that differ in at most ${hashDistance} of 64 bits, and a correlation of at least ` +
    `${correlation} of the colours in 16 by 16 pixels.`
  );
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
