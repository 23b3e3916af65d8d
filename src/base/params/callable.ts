/** Objects that can be called, and classes that can be called without `new`. */

import { guardFromProxies, guardSubclass, markOriginal } from "../proxy_guard.ts";

/**
 * A class whose instances are functions: calling one calls its `call` rule. Properties, methods, class fields
 * and `instanceof` work as on any other object.
 */
export class CallableObject {
  constructor() {
    const self = (...args: unknown[]): unknown => (self as unknown as CallableObject).invoke(args);
    // An arrow function has two properties of its own, which would stand in the way of the class's.
    delete (self as { name?: string }).name;
    delete (self as { length?: number }).length;
    Object.setPrototypeOf(self, new.target.prototype as object);
    markOriginal(self);
    // biome-ignore lint/correctness/noConstructorReturn: the function is the object.
    return self as unknown as CallableObject;
  }

  /** @internal What a call of the instance does. */
  invoke(_args: unknown[]): unknown {
    return undefined;
  }
}

guardFromProxies(CallableObject);

/** A class of which some instances are functions: those that are made with one. */
export class OptionallyCallable {
  constructor(call: (() => unknown) | null) {
    if (call === null) return;
    delete (call as { name?: string }).name;
    delete (call as { length?: number }).length;
    Object.setPrototypeOf(call, new.target.prototype as object);
    // biome-ignore lint/correctness/noConstructorReturn: the function is the object.
    return call as unknown as OptionallyCallable;
  }
}

type AnyClass = abstract new (...args: any[]) => object;

/** A class that also makes an instance when called without `new`. */
export type Callable<C extends AnyClass> = C & ((...args: ConstructorParameters<C>) => InstanceType<C>);

/**
 * Makes a class that is called without `new`, as PyTorch's layers are.
 *
 * @param name - the class's public name, as it appears in the printed form.
 * @example
 * ```ts
 * class DoubleModule extends nn.Module {
 *   override forward(input: Tensor): Tensor {
 *     return input.mul(2);
 *   }
 * }
 * const Double = nn.callable("Double", DoubleModule);
 * Double()(tensor([1.5])).tolist(); // [3]
 * ```
 */
export function callable<C extends AnyClass>(name: string, of: C): Callable<C> {
  Object.defineProperty(of, "name", { value: name });
  guardSubclass(of);
  const handler: ProxyHandler<C> = {
    apply: (target, _self, args) => Reflect.construct(target as unknown as new () => object, args),
  };
  return new Proxy(of, handler) as Callable<C>;
}
