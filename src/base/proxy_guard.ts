/**
 * Objects that must be themselves: not the proxies which Vue's `reactive` and MobX's `observable` put in their place.
 *
 * Such a proxy has the prototype of its target, but not its private fields, its identity in maps, or its typed arrays'
 * memory. What would end in "Cannot read private member" or a DataCloneError ends in one error that names the cure.
 */
import { ArgumentError } from "./errors.ts";

const originals = new WeakSet<object>();

/** Prototypes of the classes whose constructors note their instances. */
const bases = new Set<object>();

type AnyClass = abstract new (...args: any[]) => object;

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
