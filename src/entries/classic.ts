/** `convoyant/classic`: hand-made features and the classifiers trained on them. */
import "../tensor/index.ts";

export * from "../classic/index.ts";
