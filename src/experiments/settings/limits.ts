/** Limits on the settings of a training. */

/** The longest side of an image: one of a single channel then takes 64 MiB. */
export const MOST_PIXELS = 4096;

/** The most seeds of one training: more than a person waits for. */
export const MOST_SEEDS = 1000;
