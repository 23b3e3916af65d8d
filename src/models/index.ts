/** The networks of the chapter. */
export { initXavier } from "./init_xavier.ts";
export { bnLenet, lenet } from "./lenet.ts";
export { create, type Edition, type ModelPreset, names, preset } from "./registry.ts";
