/** Classes that can be called without `new`. */
import { type Callable, guardSubclass } from "../base/params/callable.ts";

/** Lets a class be called without `new`, as PyTorch's are; `instanceof` and `extends` keep working. */
export function callable<Class extends new (...args: any) => any>(target: Class): Callable<Class> {
  Object.defineProperty(target, "name", { value: target.name.replace(/Class$/, "") });
  guardSubclass(target);
  return new Proxy(target, { apply: (made, _, args) => new made(...args) }) as Callable<Class>;
}
