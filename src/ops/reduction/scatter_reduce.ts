/** Products, largest and smallest of the elements that go to one position: `scatterAdd`'s relatives. */
import type { Attributes } from "../../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { constant, full, zerosLike } from "../creation.ts";
import { cast, div, eq, logicalAndOp, mul, where } from "../elementwise/elementwise.ts";
import { gather, scatter, scatterAdd, scatterOp } from "../shape/indexing.ts";

/** Those that no sum is made of. */
export type SumlessReduction = "prod" | "amax" | "amin";

/**
 * The input with out[index[i][j]][j] = reduction of it and all src[i][j] that go there. Attributes: `dim`, `reduce`, and
 * `includeSelf`: whether the input's own element counts where others go.
 */
export const scatterReduceOp: OpDefinition = {
  name: "scatterReduce",
  checksData: true,
  infer: scatterOp.infer,
  gradient({ grads, inputs: [self, index, src], outputs: [result], attributes }) {
    const dim = attributes.dim as number;
    const rule = attributes.reduce === "prod" ? productGradient : extremeGradient;
    const [own, others] = rule(grads[0] as Value, self, index, src, result, attributes);
    const silenced = attributes.includeSelf ? own : scatter(own, dim, index, full(index.shape, 0, own.dtype));
    return [silenced, null, others];
  },
};

type Rule = (
  grad: Value,
  self: Value,
  index: Value,
  src: Value,
  result: Value,
  attributes: Attributes,
) => readonly [self: Value, src: Value];

/** All that equal the extreme share the gradient. */
const extremeGradient: Rule = (grad, self, index, src, result, { dim: at }) => {
  const dim = at as number;
  const selfWins = cast(eq(self, result), self.dtype);
  const srcWins = cast(eq(src, gather(result, dim, index)), src.dtype);
  const share = div(grad, scatterAdd(selfWins, dim, index, srcWins));
  return [mul(selfWins, share), mul(srcWins, gather(share, dim, index))];
};

/** The product of all others: the whole product over the element itself, or again without the only 0. */
const productGradient: Rule = (grad, self, index, src, result, attributes) => {
  const dim = attributes.dim as number;
  const one = constant(1, self.dtype);
  const zero = constant(0, self.dtype);
  const again = (own: Value, others: Value) => emit(scatterReduceOp, [own, index, others], attributes);
  const nonzeroSelf = where(eq(self, zero), one, self);
  const ofSelf = mul(grad, div(again(nonzeroSelf, src), nonzeroSelf));
  const isZero = eq(src, zero);
  const zeros = gather(scatterAdd(zerosLike(self), dim, index, cast(isZero, self.dtype)), dim, index);
  const isOnlyZero = emit(logicalAndOp, [isZero, eq(zeros, one)]);
  const withoutIt = mul(grad, again(self, where(isOnlyZero, one, src)));
  const usual = div(gather(mul(grad, result), dim, index), where(isZero, one, src));
  return [ofSelf, where(isOnlyZero, gather(withoutIt, dim, index), usual)];
};

export function scatterReduce(
  input: Value,
  dim: number,
  index: Value,
  src: Value,
  reduce: SumlessReduction,
  includeSelf: boolean,
): Value {
  return emit(scatterReduceOp, [input, index, src], { dim, reduce, includeSelf });
}
