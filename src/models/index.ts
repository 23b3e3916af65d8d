/** The networks of the chapter. */
export { initXavier } from "./init_xavier.ts";
export { bnLenet, lenet } from "./lenet.ts";
export { create, type Edition, entry, type ModelEntry, names, type TrainingPreset } from "./registry.ts";
