/** `convoyant/train`: what `train` holds, by name. */
import "../tensor/index.ts";

export * from "../train/index.ts";
