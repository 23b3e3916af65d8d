/**
 * Functions as methods: wherever PyTorch has a method of the same name. A method is the function with the
 * tensor as its first argument; `x.add_(y)` and its like put the result in x's place.
 */
import { backward } from "./autograd.ts";
import * as functions from "./functions/index.ts";
import { Tensor } from "./tensor.ts";


/** A function's two call forms without their first argument. */
export type Method<F> = F extends {
  (input: Tensor, ...rest: infer A): infer R;
  (input: Tensor, ...rest: infer B): infer S;
}
  ? { (...args: A): R; (...args: B): S }
  : F extends (input: Tensor, ...rest: infer A) => infer R
    ? (...args: A) => R
    : never;

type InPlace<M> = M extends { (...args: infer A): Tensor; (...args: infer B): Tensor }
  ? { (...args: A): Tensor; (...args: B): Tensor }
  : never;

/** Functions that are methods, under the same name. */
export const METHODS = {
  backward,
  ...pick(functions, ["abs", "add", "div", "eq", "exp", "log", "matmul", "mul", "neg", "relu", "sigmoid", "sqrt", "sub", "sum", "tanh"]),
};

/** Functions that also exist with a trailing underscore. */
const IN_PLACE = ["abs", "add", "div", "exp", "log", "mul", "neg", "relu", "sigmoid", "sqrt", "sub", "tanh"] as const;

type MethodTable = typeof METHODS;
type Methods = { [K in keyof MethodTable]: Method<MethodTable[K]> };
type InPlaceMethods = { [K in (typeof IN_PLACE)[number] as `${K}_`]: InPlace<Method<MethodTable[K]>> };

declare module "./tensor.ts" {
  interface Tensor extends Methods, InPlaceMethods {}
}

for (const [name, call] of Object.entries(METHODS)) {
  defineMethod(name, function (this: Tensor, ...args: unknown[]) {
    return (call as (...all: unknown[]) => unknown)(this, ...args);
  });
}
for (const name of IN_PLACE) {
  const call = METHODS[name] as (...all: unknown[]) => Tensor;
  defineMethod(`${name}_`, function (this: Tensor, ...args: unknown[]) {
    return this.assign(call(this, ...args).value);
  });
}

function defineMethod(name: string, value: (this: Tensor, ...args: unknown[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  const out = {} as Pick<T, K>;
  for (const name of names) out[name] = from[name];
  return out;
}
