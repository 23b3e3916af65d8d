/** `convoyant/models`: what `models` holds, by name. */
import "../tensor/index.ts";

export * from "../models/index.ts";
