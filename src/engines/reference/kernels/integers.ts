/** Integers and their bits. */
import type { DType } from "../../../base/dtype.ts";
import { kernelsOf, type ReferenceKernel } from "../kernel.ts";
import { forEachBroadcast } from "./broadcasting.ts";

/**
 * Bits as the dtype has them. JavaScript's operators see 32 bits of a number, so that 64 of them need BigInt; from 2^53 on
 * an int64 is held rounded.
 */
const BITS: Partial<Record<DType, number>> = { uint8: 8, int32: 32, int64: 64 };

function onBits(f: (a: bigint, b: bigint, bits: number) => bigint, narrow: (a: number, b: number) => number) {
  return (a: number, b: number, dtype: DType): number => {
    if ((a | 0) === a && (b | 0) === b && dtype !== "int64") return narrow(a, b);
    const bits = BITS[dtype] ?? 64;
    return Number(BigInt.asIntN(64, f(BigInt(a), BigInt(b), bits)));
  };
}

function greatestDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

const BINARY = {
  bitwiseAnd: onBits(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bitwiseOr: onBits(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bitwiseXor: onBits(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  leftShift: (a, b, dtype) => {
    const bits = BITS[dtype] ?? 64;
    return b < 0 || b >= bits ? 0 : Number(BigInt.asIntN(64, BigInt(a) << BigInt(b)));
  },
  rightShift: (a, b, dtype) => {
    const bits = BITS[dtype] ?? 64;
    return Math.floor(a / 2 ** (b < 0 || b >= bits ? bits - 1 : b));
  },
  gcd: greatestDivisor,
  lcm: (a, b) => (a === 0 || b === 0 ? 0 : Math.abs((a / greatestDivisor(a, b)) * b)),
} satisfies Record<string, (a: number, b: number, dtype: DType) => number>;

const binary =
  (f: (a: number, b: number, dtype: DType) => number): ReferenceKernel =>
  ({ inputs: [a, b], outputs: [output] }) => {
    forEachBroadcast(output.shape, [a.shape, b.shape], (out, [i, j]) => {
      output.data[out] = f(a.data[i], b.data[j], output.dtype);
    });
  };

const bitwiseNot: ReferenceKernel = ({ inputs: [input], outputs: [output] }) => {
  for (let i = 0; i < output.data.length; i++) output.data[i] = -input.data[i] - 1;
};

export const INTEGER_KERNELS = {
  ...kernelsOf(BINARY, binary),
  bitwiseNot,
} satisfies Record<string, ReferenceKernel>;
