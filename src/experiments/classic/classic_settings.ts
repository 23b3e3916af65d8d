/** The settings of a pipeline of hand-made features and a classifier. */
import type { WordEncoding } from "../../classic/index.ts";
import { type SettingValues, setting } from "../settings/setting.ts";
import { nameOf, oneOf, real, text, whole } from "../settings/setting_kinds.ts";
import { TRAINING_SETTINGS } from "../settings/training_settings.ts";

/** Side in pixels to which photographs are resized if nothing is said. */
export const USUAL_SIDE = 96;

const ENCODINGS = ["hard", "soft", "vlad", "fisher"] as const satisfies readonly WordEncoding[];

/** In the order of the help text, and of the command that repeats a run. */
export const CLASSIC_SETTINGS = {
  features: setting(nameOf("features"), "{names}, or several joined by +", { usual: "hog" }),
  classifier: setting(nameOf("classifiers"), "{names}", { usual: "linear-svm" }),
  words: setting(
    whole(2, 65_536),
    "visual words that descriptors are counted by (256 for key points, none for those of a grid)",
  ),
  encoding: setting(oneOf(ENCODINGS), "how descriptors are counted by words (hard)"),
  pyramid: setting(whole(0, 4), "levels of the spatial pyramid of words beside the whole image (0)", {
    placeholder: "<levels>",
  }),
  data: setting(
    text("<name|folder>"),
    "a data set's name, or a folder with a folder of images for each class (or train/ and test/ with such)",
    { usual: "fashion-mnist" },
  ),
  dataDir: TRAINING_SETTINGS.dataDir,
  trainSize: setting(whole(2), "training images, the first of the data set (all)"),
  C: setting(
    real(0, { open: true }),
    "weight of the training errors, of all but knn (the classifier's own)",
    { option: "C" },
  ),
  gamma: setting(real(0, { open: true }), "of kernels (1 / (features * variance))"),
  side: setting(
    whole(16, 1024),
    `side in pixels to which photographs of a folder are resized (${USUAL_SIDE})`,
  ),
  seed: setting(whole(0), "of the classifier's order and of a folder's split", { usual: 0 }),
};

/** What was given. */
export type GivenClassicSettings = Partial<SettingValues<typeof CLASSIC_SETTINGS>>;
