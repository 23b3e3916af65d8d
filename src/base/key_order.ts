/**
 * Orders that a plain JavaScript object cannot keep: it lists integer-like keys ("0", "12") first and in rising
 * order, whatever the order in which they were added.
 */

/** Whether objects list `key` before all others. */
export function isIntegerLike(key: string): boolean {
  // Most names begin with a letter, and this is asked at every call of a module.
  const first = key.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return false;
  return /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;
}

/**
 * An object of these entries whose `Object.keys`, `Object.entries` and `for ... in` keep their order, also for
 * integer-like keys. (A copy made with `{ ...object }` is an ordinary object and does not.)
 */
export function orderedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const record: Record<string, T> = {};
  const order = new Set<string>();
  for (const [key, value] of entries) {
    define(record, key, value);
    order.add(key);
  }
  const keys = [...order];
  return Object.keys(record).every((key, i) => key === keys[i]) ? record : new Proxy(record, keeping(order));
}

/** Also if the key is `__proto__`. */
function define<T>(record: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

function keeping<T>(order: Set<string>): ProxyHandler<Record<string, T>> {
  return {
    ownKeys: (target) => [
      ...[...order].filter((key) => Object.hasOwn(target, key)),
      ...Reflect.ownKeys(target).filter((key) => typeof key === "symbol"),
    ],
    defineProperty(target, key, descriptor) {
      if (typeof key === "string") order.add(key);
      return Reflect.defineProperty(target, key, descriptor);
    },
    deleteProperty(target, key) {
      if (typeof key === "string") order.delete(key);
      return Reflect.deleteProperty(target, key);
    },
  };
}
