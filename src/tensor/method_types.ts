/** How a function's type becomes a method's. */
import type { MethodOf } from "../base/params/call_types.ts";
import { Tensor } from "./tensor.ts";

/** A function as a method: the tensor itself is its first argument. */
export type Method<F> = MethodOf<F>;

/** Installs a method on every tensor. */
export function defineMethod(name: string, value: (this: Tensor, ...args: any[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** Installs a property that is computed when it is read. */
export function defineGetter(name: string, get: (this: Tensor) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { get, configurable: true, enumerable: false });
}
