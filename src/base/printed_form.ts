/** How objects show themselves: in consoles and debuggers, template strings, JSON and test reports. */

/** The name under which Node.js, Deno and Bun look for an object's own form. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

type AnyClass<T> = abstract new (...args: any[]) => T;

/**
 * Gives instances of a class a printed form.
 *
 * @param textOf - the form; `nested` says that the object stands inside another, where a short form is better.
 * @param instead - what to write in place of `JSON.stringify(object)`, which gives the printed form and this advice.
 */
export function printAs<T extends object>(
  of: AnyClass<T>,
  textOf: (self: T, nested: boolean) => string,
  instead?: string,
): void {
  const define = (key: PropertyKey, value: unknown) => hide(of.prototype, key, value);
  define(INSPECT, function (this: T, depth: number | null): string {
    return safely(this, () => textOf(this, depth !== null && depth < 2));
  });
  if (!Object.hasOwn(of.prototype, "toString")) {
    define("toString", function (this: T): string {
      return textOf(this, false);
    });
  }
  define("toJSON", function (this: T): string {
    return instead === undefined ? textOf(this, true) : `${textOf(this, true)}; ${instead}`;
  });
}

/** Gives one object a printed form. */
export function printItself(object: object, text: () => string): void {
  for (const key of [INSPECT, "toString", "toJSON"]) hide(object, key, text);
}

function hide(object: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(object, key, { value, configurable: true, writable: true, enumerable: false });
}

/** Printing never throws: a prototype, or a proxy, shows its class's name. */
function safely(self: object, text: () => string): string {
  try {
    return text();
  } catch {
    return `[${self.constructor?.name ?? "object"}]`;
  }
}
