/** Methods that have no function beside them in PyTorch. */

import { defineAsMethod, type Method } from "./tensor.ts";
import * as calls from "./tensor_only_calls.ts";

declare module "./tensor.ts" {
  interface Tensor {
    /**
     * All windows of `size` elements along a dimension, `step` apart: their number takes the dimension's place, and
     * their elements become the last dimension. (`nn.functional.unfold` is the one for images.)
     */
    unfold: Method<typeof calls.unfold>;
    /** Summed over the dimensions along which it would have been broadcast from the sizes given. */
    sumToSize: Method<typeof calls.sumToSize>;
    /** A tensor of given numbers, of this one's dtype unless `dtype` says otherwise. */
    newTensor: Method<typeof calls.newTensor>;
    /** One number everywhere, of this tensor's dtype unless `dtype` says otherwise. */
    newFull: Method<typeof calls.newFull>;
    /** Zeros of this tensor's dtype unless `dtype` says otherwise. */
    newZeros: Method<typeof calls.newZeros>;
    /** Ones of this tensor's dtype unless `dtype` says otherwise. */
    newOnes: Method<typeof calls.newOnes>;
    /** A tensor whose contents are of no interest, of this one's dtype unless `dtype` says otherwise. */
    newEmpty: Method<typeof calls.newEmpty>;
  }
}

for (const [name, call] of Object.entries(calls)) {
  defineAsMethod(name, call as (...args: any[]) => unknown);
}
