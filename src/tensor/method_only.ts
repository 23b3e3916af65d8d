/** Methods that have no function beside them in PyTorch. */
import * as calls from "./method_only_calls.ts";
import { defineMethod, type Method } from "./method_types.ts";

type Methods = { [K in keyof typeof calls]: Method<(typeof calls)[K]> };

declare module "./tensor.ts" {
  interface Tensor extends Methods {}
}

for (const [name, call] of Object.entries(calls)) {
  defineMethod(name, function (...args: unknown[]) {
    return (call as unknown as (...all: unknown[]) => unknown)(this, ...args);
  });
}
