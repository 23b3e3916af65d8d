/**
 * Objects that can be called, and classes that can be called without `new`. Before them stands what keeps such objects
 * themselves: not the proxies which Vue's `reactive` and MobX's `observable` put in their place.
 */
import { ArgumentError } from "../errors.ts";

type AnyClass = abstract new (...args: any[]) => object;

// A proxy has the prototype of its target, but not its private fields, its identity in maps, or its typed arrays' memory.
// What would end in "Cannot read private member" or a DataCloneError ends in one error that names the cure.

const originals = new WeakSet<object>();

/** Prototypes of the classes whose constructors note their instances. */
const bases = new Set<object>();

/** Notes an object that was constructed. Constructors of guarded classes call it. */
export function markOriginal(self: object): void {
  originals.add(self);
}

/** The error for a proxy in an object's place. */
export function proxyError(proxy: object): ArgumentError {
  const name = proxy.constructor?.name ?? "object";
  return new ArgumentError(
    `${name}: this is a proxy, as Vue's reactive() and MobX's observable() make them, in place of the ${name} itself; ` +
      "keep it out of them: markRaw() or shallowRef() in Vue, observable.ref in MobX",
  );
}

/**
 * Has every method and accessor of a class whose constructor calls `markOriginal` refuse to run on a proxy of an
 * instance. Vue leaves instances alone (`__v_skip` is what its `markRaw` sets).
 */
export function guardFromProxies(of: AnyClass): void {
  bases.add(of.prototype);
  leaveToThemselves(of.prototype);
  guardMembers(of.prototype);
}

/** The same for what a class adds to one that is guarded; does nothing to others. */
export function guardSubclass(of: AnyClass): void {
  for (let at = of.prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (!bases.has(at)) continue;
    guardMembers(of.prototype);
    break;
  }
}

function guardMembers(prototype: object): void {
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === "constructor" || key === "__v_skip") continue;
    const property = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
    if (!property.configurable) continue;
    for (const part of ["value", "get", "set"] as const) {
      if (typeof property[part] === "function") property[part] = guarded(property[part]);
    }
    Object.defineProperty(prototype, key, property);
  }
}

/** Has Vue leave instances alone. */
export function leaveToThemselves(prototype: object): void {
  Object.defineProperty(prototype, "__v_skip", { value: true, enumerable: false });
}

type Method = (this: object, ...args: unknown[]) => unknown;

function guarded(method: Method): Method {
  const call = function (this: object, ...args: unknown[]): unknown {
    if (!originals.has(this)) throw proxyError(this);
    return method.apply(this, args);
  };
  Object.defineProperty(call, "name", { value: method.name });
  Object.defineProperty(call, "length", { value: method.length });
  return call;
}

// Objects and classes that can be called.

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
