/** Keeps gradients from growing too large (`nn.utils`). */

import { ArgumentError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { shownText } from "../base/shown_value.ts";
import { emit, insideCall, setGradientMode, type Value } from "../graph/node.ts";
import { constant } from "../ops/creation.ts";
import {
  absOp,
  add,
  cast,
  div,
  maximumOp,
  minimumOp,
  mul,
  negOp,
  pow,
  sqrtOp,
} from "../ops/elementwise/elementwise.ts";
import { amax, sum } from "../ops/reduction/reduction.ts";
import { scalarValue } from "../tensor/operands.ts";
import { noteResult, Tensor } from "../tensor/tensor.ts";

type Parameters = Tensor | Iterable<Tensor>;

/** Tensors that have a gradient. */
function withGradients(of: string, parameters: Parameters): { tensor: Tensor; grad: Tensor }[] {
  const list = parameters instanceof Tensor ? [parameters] : [...parameters];
  return list.flatMap((tensor) => {
    if (!(tensor instanceof Tensor))
      throw new ArgumentError(`${of}: expected parameters, got ${typeof tensor}`);
    return tensor.grad === null ? [] : [{ tensor, grad: tensor.grad }];
  });
}

function withoutTape<T>(body: () => T): T {
  const before = setGradientMode(false);
  try {
    return insideCall(body);
  } finally {
    setGradientMode(before);
  }
}

/** Changes a gradient before it is computed: the change joins the step's program. */
function replaceGradient(grad: Tensor, value: Value): void {
  if (grad.cell.deviceBuffer === null && !grad.cell.value.requiresGrad) grad.cell.value = value;
  else grad.assign(value);
}

/** |x|^p summed, or the largest |x|. */
function powerSum(grad: Value, p: number): Value {
  const dims = grad.shape.map((_, i) => i);
  if (p === 2) return sum(mul(grad, grad), dims);
  const size = emit(absOp, [grad]);
  if (p === 1) return sum(size, dims);
  if (p === Number.POSITIVE_INFINITY) return dims.length === 0 ? size : amax(size, dims);
  return sum(pow(size, constant(p, grad.dtype)), dims);
}

function totalNorm(grads: readonly Value[], p: number): Value {
  const dtype = grads[0].dtype;
  const parts = grads.map((grad) => cast(powerSum(grad, p), dtype));
  const join = (a: Value, b: Value) => (p === Number.POSITIVE_INFINITY ? emit(maximumOp, [a, b]) : add(a, b));
  const total = parts.reduce(join);
  if (p === 2) return emit(sqrtOp, [total]);
  return p === 1 || p === Number.POSITIVE_INFINITY ? total : pow(total, constant(1 / p, dtype));
}

/** What `clipGradNorm_` takes. */
export interface ClipGradNormParameters {
  /** The parameters whose gradients are scaled; those without a gradient count for nothing. */
  parameters: Parameters;
  /** The largest norm that is left as it is. */
  maxNorm: number;
  /** p of the p-norm, above 0; Infinity for the largest element. @default 2 */
  normType?: number;
}
const CLIP_NORM = parameterTable<ClipGradNormParameters>("clipGradNorm_")(
  ["parameters", "maxNorm", "normType?:number"],
  scaleGradients,
);

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), norm being that of all of them as one vector.
 *
 * @param normType - p of the p-norm; 2 if it is not given, Infinity for the largest element.
 * @returns the norm before clipping.
 * @example
 * ```ts
 * nn.functional.crossEntropy(net(x), y).backward();
 * const norm = nn.utils.clipGradNorm_(net.parameters(), 1);
 * optimizer.step();
 * ```
 */
export const clipGradNorm_ = (...args: ArgumentsOf<typeof CLIP_NORM>): Tensor => CLIP_NORM.bind(args);

function scaleGradients(parameters: Parameters, maxNorm: number, normType = 2): Tensor {
  if (!(normType > 0))
    throw new ArgumentError(`clipGradNorm_: expected \`normType\` above 0, got ${shownText(normType)}`);
  const found = withGradients("clipGradNorm_", parameters);
  const norm = withoutTape(() => {
    if (found.length === 0) return scalarValue(0, "float32");
    const total = totalNorm(
      found.map(({ grad }) => grad.value),
      normType,
    );
    const one = constant(1, total.dtype);
    const coefficient = div(scalarValue(maxNorm, total.dtype), add(total, constant(1e-6, total.dtype)));
    const scale = emit(minimumOp, [coefficient, one]);
    for (const { grad } of found) replaceGradient(grad, mul(grad.value, cast(scale, grad.dtype)));
    return total;
  });
  return noteResult(new Tensor(norm));
}

/** What `clipGradValue_` takes. */
export interface ClipGradValueParameters {
  /** The parameters whose gradients are limited. */
  parameters: Parameters;
  /** The largest absolute value that is left as it is. */
  clipValue: number;
}
const CLIP_VALUE = parameterTable<ClipGradValueParameters>("clipGradValue_")(
  ["parameters", "clipValue"],
  limitGradients,
);

/**
 * Keeps every element of the gradients within -clipValue and clipValue.
 *
 * @example
 * ```ts
 * nn.functional.crossEntropy(net(x), y).backward();
 * nn.utils.clipGradValue_(net.parameters(), 0.5);
 * optimizer.step();
 * ```
 */
export const clipGradValue_ = (...args: ArgumentsOf<typeof CLIP_VALUE>): void => CLIP_VALUE.bind(args);

function limitGradients(parameters: Parameters, clipValue: number): void {
  withoutTape(() => {
    const limits = new Map<string, readonly [Value, Value]>();
    for (const { grad } of withGradients("clipGradValue_", parameters)) {
      let limit = limits.get(grad.dtype);
      if (limit === undefined) {
        const high = scalarValue(clipValue, grad.dtype);
        limit = [emit(negOp, [high]), high];
        limits.set(grad.dtype, limit);
      }
      replaceGradient(grad, emit(minimumOp, [emit(maximumOp, [grad.value, limit[0]]), limit[1]]));
    }
  });
}
