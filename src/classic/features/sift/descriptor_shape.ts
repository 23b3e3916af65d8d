/** The shape of a SIFT descriptor. */

/** Histograms along a side. */
export const SIDE = 4;

/** Directions of a histogram. */
export const BINS = 8;

/** Values of a descriptor. */
export const SIFT_LENGTH = SIDE * SIDE * BINS;
