/** `convoyant/look`: what a network has learned, in Node.js and in pages. */
import "../tensor/index.ts";

export * from "../look/index.ts";
