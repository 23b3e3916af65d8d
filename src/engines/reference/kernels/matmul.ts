/** Matrix multiplication, with an optional bias on each row. */
import type { ReferenceKernel } from "../kernel.ts";
import { UNARY } from "./elementwise.ts";

const matmul: ReferenceKernel = ({ inputs: [a, b, bias], outputs: [output], attributes }) => {
  const { transposeA, transposeB } = attributes;
  const activation = attributes.activation as keyof typeof UNARY | undefined;
  const rank = output.shape.length;
  const [m, n] = output.shape.slice(-2);
  const k = a.shape[rank - (transposeA ? 2 : 1)];
  const batches = rank === 3 ? output.shape[0] : 1;
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let p = 0; p < k; p++) {
          const x = a.data[batch * m * k + (transposeA ? p * m + i : i * k + p)];
          const y = b.data[batch * k * n + (transposeB ? j * k + p : p * n + j)];
          total += x * y;
        }
        if (bias !== undefined) total += bias.data[j];
        output.data[(batch * m + i) * n + j] = activation === undefined ? total : UNARY[activation](total);
      }
    }
  }
};

export const MATMUL_KERNELS = { matmul } satisfies Record<string, ReferenceKernel>;
