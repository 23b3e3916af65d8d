/** Preprocessing of images by hand. */
export { type ClaheOptions, clahe } from "./clahe.ts";
export { equalizeHistogram } from "./equalize_histogram.ts";
export { gammaCorrect } from "./gamma.ts";
export { type GaussianBlurOptions, gaussianBlur } from "./gaussian_blur.ts";
export { type GreyPlane, greyPlane } from "./grey_plane.ts";
