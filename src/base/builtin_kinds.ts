/**
 * Which built-in a value is, whichever realm made it.
 *
 * A frame, a worker's message, `structuredClone` in Jest and `node:vm` bring values whose classes are not this realm's:
 * `instanceof` says no to them. Here built-ins are recognised by what they are: by internal slots if the language
 * gives access to them, else by their tag. Nothing else in `src` compares with a built-in class (an architecture test
 * sees to it).
 */

/** The getter of a built-in's property, which throws (or returns undefined) for values that lack the internal slot. */
function slotGetter(prototype: object, key: PropertyKey): (value: unknown) => unknown {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  return (value) => {
    try {
      return get?.call(value);
    } catch {
      return undefined;
    }
  };
}

const typedArrayTag = slotGetter(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const bufferBytes = slotGetter(ArrayBuffer.prototype, "byteLength");
const mapSize = slotGetter(Map.prototype, "size");

/** What a value calls itself: `"URL"`, `"Blob"`, `"Response"`, ...; those have no slot to look into. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** `"Float32Array"`, `"Uint8Array"` (a Buffer too), ...; undefined for what is not a typed array. */
export function typedArrayKind(value: unknown): string | undefined {
  return typedArrayTag(value) as string | undefined;
}

/** A Uint8Array, and so a Buffer too. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayKind(value) === "Uint8Array";
}

export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return bufferBytes(value) !== undefined;
}

/** Never true if the environment has no shared memory. */
export function isSharedArrayBuffer(value: unknown): value is SharedArrayBuffer {
  return typeof value === "object" && value !== null && tagOf(value) === "SharedArrayBuffer";
}

export function isMap(value: unknown): value is Map<unknown, unknown> {
  return mapSize(value) !== undefined;
}

/** An error of any class; one of another realm is an instance of that realm's Error. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || (typeof value === "object" && value !== null && isErrorTag(tagOf(value)));
}

function isErrorTag(tag: string): boolean {
  return tag === "Error" || tag === "DOMException";
}

/** Whether a value can be awaited: a promise of any realm, or anything else with `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const kind = typeof value;
  if ((kind !== "object" && kind !== "function") || value === null) return false;
  return typeof (value as { then?: unknown }).then === "function";
}

/** Whether a value is an object written with braces, as against a tensor, an array or a module. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // Object.prototype, of any realm, is the one prototype that has none itself.
  return prototype === null || (Object.getPrototypeOf(prototype) === null && tagOf(value) === "Object");
}
