/** How a function's type becomes a method's. */
import type { MethodOf } from "../base/params/call_types.ts";
import { Tensor } from "./tensor.ts";

/** A function as a method: the tensor itself is its first argument. */
export type Method<F> = [MethodOf<F>] extends [never] ? FormsWithoutInput<F> : MethodOf<F>;

/** A function's call forms (up to five) without their first argument. */
type FormsWithoutInput<F> = F extends {
  (input: Tensor, ...rest: infer A): infer R;
  (input: Tensor, ...rest: infer B): infer S;
  (input: Tensor, ...rest: infer C): infer T;
  (input: Tensor, ...rest: infer D): infer U;
  (input: Tensor, ...rest: infer E): infer V;
}
  ? { (...args: A): R; (...args: B): S; (...args: C): T; (...args: D): U; (...args: E): V }
  : F extends {
        (input: Tensor, ...rest: infer A): infer R;
        (input: Tensor, ...rest: infer B): infer S;
        (input: Tensor, ...rest: infer C): infer T;
      }
    ? { (...args: A): R; (...args: B): S; (...args: C): T }
    : F extends { (input: Tensor, ...rest: infer A): infer R; (input: Tensor, ...rest: infer B): infer S }
      ? { (...args: A): R; (...args: B): S }
      : F extends (input: Tensor, ...rest: infer A) => infer R
        ? (...args: A) => R
        : never;

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
