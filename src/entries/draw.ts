/** `convoyant/draw`: networks as drawings. */
import "../tensor/index.ts";

export * from "../draw/index.ts";
