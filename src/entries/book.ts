/** `convoyant/book`: what `book` holds, by name. */
import "../tensor/index.ts";

export * from "../book/index.ts";
