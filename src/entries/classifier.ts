/** `convoyant/classifier`: trained networks in use. */
import "../tensor/index.ts";

export * from "../classifier/index.ts";
