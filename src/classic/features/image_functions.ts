/** The functions that workers run, by the name of their extractor. */
import type { ImageFunction, Recipe } from "./extractor.ts";
import { type HogOptions, hogFunction } from "./hog_features.ts";

/** Makes an extractor's function; what it loads (kernels) is there when the promise resolves. */
type MakeFunction = (settings: never) => ImageFunction | Promise<ImageFunction>;

const MAKERS: Readonly<Record<string, MakeFunction>> = {
  hog: (settings: HogOptions) => hogFunction(settings),
};

/** The function of an extractor. */
export async function imageFunction({ name, settings }: Recipe): Promise<ImageFunction> {
  return MAKERS[name](settings as never);
}
