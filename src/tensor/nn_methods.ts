/** Functions of `nn.functional` that PyTorch also has as methods. */
import * as functions from "./functions/nn/index.ts";
import { defineMethod, type Method } from "./method_types.ts";

const NAMES = ["hardshrink", "prelu"] as const;

type Functions = Pick<typeof functions, (typeof NAMES)[number]>;
type Methods = { [K in keyof Functions]: Method<Functions[K]> };

declare module "./tensor.ts" {
  interface Tensor extends Methods {}
}

for (const name of NAMES) {
  const call = functions[name];
  defineMethod(name, function (...args: unknown[]) {
    return (call as unknown as (...all: unknown[]) => unknown)(this, ...args);
  });
}
