/** `convoyant/nn`: what `nn` holds, by name. */
import "../tensor/index.ts";

export * from "../nn/index.ts";
