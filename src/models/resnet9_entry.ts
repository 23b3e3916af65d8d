/** ResNet-9 by name: a small network for the data sets of small images, not one of the chapter's. */
import type { ModelEntry, TrainingPreset } from "./registry.ts";
import { RESNET9_SHAPE, resnet9 } from "./resnet9.ts";

const PRESET: TrainingPreset = { batchSize: 256, lr: 0.1, epochs: 10 };

export const RESNET9_ENTRY: ModelEntry = {
  name: "resnet9",
  title: "ResNet-9",
  source: "D. Page, How to train your ResNet, 2018",
  inputShape: RESNET9_SHAPE,
  presets: { zh: PRESET, en: PRESET },
  options: ["numClasses", "width"],
  ownInitialValues: true,
  make: (options = {}) => resnet9(options),
};
