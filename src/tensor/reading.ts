/** Promises of values that are read: `item()`, `tolist()` and the like. */
import { isThenable } from "../base/builtin_kinds.ts";
import { ArgumentError } from "../base/errors.ts";

/**
 * A promise that says what is missing if it is used as a number or a text (`loss.item() < 0.1`), in place of a
 * comparison that is always false. What is read is decided when it is made, so it may leave a scope such as `noGrad`.
 */
export class Reading<T> extends Promise<T> {
  /** What `then` gives is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  [Symbol.toPrimitive](): never {
    throw new ArgumentError("a promise was used as a value: await it first, as in (await loss.item()) < 0.1");
  }
}

// As any promise in what consoles and assertions print.
Object.defineProperty(Reading, "name", { value: "Promise" });

/** A promise of the library's own as a reading. */
export function reading<T>(promise: PromiseLike<T>): Promise<T> {
  return new Reading((resolve, reject) => promise.then(resolve, reject));
}

/**
 * Runs a function inside of a scope (`noGrad`, `autocast`), which `leave` ends when the function returns.
 *
 * @param scope - the scope's name, for messages.
 * @throws ArgumentError if the function goes on after it has returned, which would be outside of the scope.
 */
export function runInScope<T>(scope: string, body: () => T, leave: () => void): T {
  let result: T;
  try {
    result = body();
  } finally {
    leave();
  }
  if (!isThenable(result) || result instanceof Reading) return result;
  Promise.resolve(result).catch(() => {});
  throw new ArgumentError(
    `${scope}: expected a function that is not async, since what follows an await runs outside of ${scope}; ` +
      `compute inside and await outside: const y = ${scope}(() => net(x)); await y.tolist()`,
  );
}
