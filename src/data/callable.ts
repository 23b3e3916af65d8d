/** Classes that can be called without `new`. */
import { guardSubclass } from "../base/proxy_guard.ts";

/** A class that can also be called without `new`. */
export type Callable<Class extends abstract new (...args: any) => any> = Class &
  ((...args: ConstructorParameters<Class>) => InstanceType<Class>);

/** Lets a class be called without `new`, as PyTorch's are; `instanceof` and `extends` keep working. */
export function callable<Class extends new (...args: any) => any>(target: Class): Callable<Class> {
  Object.defineProperty(target, "name", { value: target.name.replace(/Class$/, "") });
  guardSubclass(target);
  return new Proxy(target, { apply: (made, _, args) => new made(...args) }) as Callable<Class>;
}
