/** `convoyant/data`: what `data` holds, by name. */
import "../tensor/index.ts";

export * from "../data/index.ts";
