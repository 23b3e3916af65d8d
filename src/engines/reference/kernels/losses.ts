/** Losses that are ops of their own. */
import { ArgumentError } from "../../../base/errors.ts";
import type { ReferenceKernel } from "../kernel.ts";

/** A logarithm that does not fall below -100, so that one impossible event does not cost everything. */
const boundedLog = (x: number) => Math.max(Math.log(x), -100);

const binaryCrossEntropy: ReferenceKernel = ({ inputs: [p, t], outputs: [loss] }) => {
  for (let i = 0; i < loss.data.length; i++) {
    const probability = p.data[i];
    if (!(probability >= 0 && probability <= 1)) {
      throw new ArgumentError(
        `binaryCrossEntropy: all elements of input should be between 0 and 1, got ${probability} at position ${i}; ` +
          "use binaryCrossEntropyWithLogits for scores",
      );
    }
    const complement = Math.max(Math.log1p(-probability), -100);
    loss.data[i] = (t.data[i] - 1) * complement - t.data[i] * boundedLog(probability);
  }
};

export const LOSS_KERNELS = { binaryCrossEntropy } satisfies Record<string, ReferenceKernel>;
