/**
 * Functions as methods: wherever PyTorch has a method of the same name. A method is the function with the
 * tensor as its first argument; `x.add_(y)` and its like put the result in x's place.
 */
import { backward } from "./autograd.ts";
import * as functions from "./functions/index.ts";
import { putInPlace } from "./in_place.ts";
import { IN_PLACE_NAMES, METHOD_NAMES, RANDOM_METHOD_NAMES } from "./method_names.ts";
import * as random from "./random.ts";
import { defineAsMethod, defineMethod, type Method, type Tensor } from "./tensor.ts";

// No editor finds a comment behind these types: in the package's declarations each method is declared by itself, with
// its function's comment (scripts/declare_methods.mjs).
type Methods = { [K in (typeof METHOD_NAMES)[number]]: Method<(typeof functions)[K]> } & {
  [K in (typeof RANDOM_METHOD_NAMES)[number]]: Method<(typeof random)[K]>;
};
type InPlaceMethods = { [K in (typeof IN_PLACE_NAMES)[number] as `${K}_`]: Method<(typeof functions)[K]> };

declare module "./tensor.ts" {
  interface Tensor extends Methods, InPlaceMethods {
    /**
     * Adds the gradients of this tensor (a loss) to `grad` of every leaf that it was computed from; see the function
     * `backward`.
     */
    backward: Method<typeof backward>;
  }
}

type AnyFunction = (...all: unknown[]) => unknown;

const METHODS: Record<string, AnyFunction> = { backward: backward as unknown as AnyFunction };
for (const name of METHOD_NAMES) METHODS[name] = functions[name] as unknown as AnyFunction;
for (const name of RANDOM_METHOD_NAMES) METHODS[name] = random[name] as unknown as AnyFunction;

for (const [name, call] of Object.entries(METHODS)) {
  defineAsMethod(name, call);
}
for (const name of IN_PLACE_NAMES) {
  const call = METHODS[name];
  defineMethod(`${name}_`, function (...args: unknown[]) {
    return putInPlace(`${name}_`, this, (call(this, ...args) as Tensor).value);
  });
}
