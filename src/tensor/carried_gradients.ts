/** Gradients that still contain those of earlier steps, because they were not reset: `zeroGrad()` is missing. */
import { warnOnce } from "../base/warnings.ts";
import type { Value } from "../graph/node.ts";

/** How many earlier steps' gradients a gradient contains. */
const carried = new WeakMap<Value, number>();
/** Gradients that a step has used, with the same number. */
const used = new WeakMap<Value, number>();

/** From this many on it is not accumulation on purpose: that would forget them after each step. */
const MANY = 3;

/** A backward pass has added to `before`, which gives `sum`. */
export function noteSum(before: Value, sum: Value): void {
  const steps = used.get(before);
  const count = steps === undefined ? (carried.get(before) ?? 0) : steps + 1;
  if (count > 0) carried.set(sum, count);
}

/** A step of an optimiser has used a gradient. Says once that it is the sum of several steps'. */
export function noteStep(optimizer: string, gradient: Value): void {
  const count = carried.get(gradient) ?? 0;
  used.set(gradient, count);
  if (count < MANY) return;
  warnOnce(
    "zero-grad",
    `${optimizer}.step: the gradients are the sum of those of ${count + 1} steps, since the earlier ones were not reset; ` +
      "call optimizer.zeroGrad() before loss.backward()",
  );
}
