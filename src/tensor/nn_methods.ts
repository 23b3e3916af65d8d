/** Functions of `nn.functional` that PyTorch also has as methods. */
import { hardshrink, prelu } from "./functions/nn/index.ts";
import { defineMethod, type Method } from "./method_types.ts";

const METHODS = { hardshrink, prelu };

type Methods = { [K in keyof typeof METHODS]: Method<(typeof METHODS)[K]> };

declare module "./tensor.ts" {
  interface Tensor extends Methods {}
}

for (const [name, call] of Object.entries(METHODS)) {
  defineMethod(name, function (...args: unknown[]) {
    return (call as unknown as (...all: unknown[]) => unknown)(this, ...args);
  });
}
