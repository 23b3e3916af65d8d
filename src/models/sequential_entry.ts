/** Networks of described layers, by name: classifier files and runs of them are made again. */
import { ArgumentError } from "../base/errors.ts";
import type { ModelEntry } from "./registry.ts";
import { sequential } from "./sequential.ts";

const preset = { batchSize: 256, lr: 0.1, epochs: 10 };

export const SEQUENTIAL_ENTRY: ModelEntry = {
  name: "sequential",
  title: "Layers in a row",
  inputShape: [1, 28, 28],
  presets: { zh: preset, en: preset },
  options: ["layers"],
  make: ({ layers } = {}) => {
    if (layers === undefined)
      throw new ArgumentError("sequential: expected `layers`, the list of its layers; see models.sequential");
    return sequential(layers);
  },
};
