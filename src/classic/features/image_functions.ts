/** The functions that workers run, by the name of their extractor. */
import { daisyFunction } from "./daisy_features.ts";
import { denseSiftFunction } from "./dense_sift_features.ts";
import type { ImageFunction, Recipe } from "./extractor.ts";
import { hogFunction } from "./hog_features.ts";
import { siftFunction } from "./sift/sift_features.ts";

/** Makes an extractor's function. */
type MakeFunction = (settings: never, kernels: WebAssembly.Module) => ImageFunction;

const MAKERS: Readonly<Record<string, MakeFunction>> = {
  hog: hogFunction,
  sift: siftFunction,
  denseSift: denseSiftFunction,
  daisy: daisyFunction,
};

/** The function of an extractor. */
export function imageFunction({ name, settings, kernels }: Recipe): ImageFunction {
  return MAKERS[name](settings as never, kernels as WebAssembly.Module);
}
