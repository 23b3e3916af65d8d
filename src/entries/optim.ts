/** `convoyant/optim`: what `optim` holds, by name. */
import "../tensor/index.ts";

export * from "../optim/index.ts";
