/** `nn.functional.relu`, which other than the package's `relu` can work in place. */
import { emit } from "../../../graph/node.ts";
import { reluOp } from "../../../ops/elementwise/elementwise.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import type { ActivationParameters } from "./activation.ts";
import { numericInput } from "./arguments.ts";

/**
 * max(x, 0). `inplace` puts the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.relu(tensor([-1, 2])).tolist(); // [0, 2]
 * ```
 */
export const relu = defineCall<ActivationParameters>("relu")(
  ["input", "inplace?:boolean"],
  (input, inplace = false) => {
    const y = emit(reluOp, [numericInput("relu", input)]);
    return inplace ? input.assign(y) : new Tensor(y);
  },
);
