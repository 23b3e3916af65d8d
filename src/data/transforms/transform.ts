import { ArgumentError, didYouMean, ShapeError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { CallArguments, CheckedNames, Positional } from "../../base/params/call_types.ts";
import { printItself } from "../../base/printed_form.ts";
import { formatShape } from "../../base/shape.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { toArray, toTensor } from "../to_tensors.ts";
import { requireFunction } from "./run_lambda.ts";
import { runTransform, TRANSFORM_KINDS } from "./run_transform.ts";
import type { TransformContext, TransformSpec } from "./transform_spec.ts";

/**
 * A transform of images. Data sets and loaders run it on whole batches, in a worker if that pays; called
 * as a function it transforms a tensor [C, H, W] or [N, C, H, W].
 *
 * @example
 * const bigger = await transforms.Resize(224)(image);
 */
export interface Transform {
  (images: Tensor, context?: Partial<TransformContext>): Promise<Tensor>;
  /** What it does, as plain data. */
  readonly spec: TransformSpec;
  /** As in PyTorch's printed form: `Resize(size=224)`. */
  toString(): string;
}

/**
 * The transform that a description stands for, so that a recorded one can be made again.
 *
 * @throws ArgumentError for a description of no transform, and for one of a `Lambda`, whose function no record keeps.
 * @example
 * ```ts
 * const flip = data.transforms.RandomHorizontalFlip();
 * const same = data.transforms.transformOf(flip.spec);
 * ```
 */
export function transformOf(spec: TransformSpec): Transform {
  checkSpec(spec);
  const transform = (images: Tensor, context: Partial<TransformContext> = {}) => apply(spec, images, context);
  printItself(transform, () => formatSpec(spec));
  return Object.assign(transform, { spec });
}

function checkSpec(spec: TransformSpec): void {
  if (!TRANSFORM_KINDS.includes(spec?.kind)) {
    const kind: unknown = spec?.kind;
    const hint = typeof kind === "string" ? didYouMean(kind, TRANSFORM_KINDS) : "";
    throw new ArgumentError(
      `transformOf: expected the description of a transform, { kind: "Resize", ... }, got ${shownValue(kind ?? spec)}${hint}`,
    );
  }
  if (spec.kind === "Compose") spec.transforms.forEach(checkSpec);
  if (spec.kind === "Lambda") requireFunction(spec);
}

/**
 * A factory that binds its arguments like every other call of the API.
 *
 * @param describe - makes the description from the arguments by position.
 */
export function defineTransform<Doc>(name: string) {
  return <const N extends readonly string[], P extends Positional<Doc, N>>(
    names: N & CheckedNames<Doc, N>,
    describe: (...args: P) => TransformSpec,
  ): ((...args: CallArguments<Doc, N, P>) => Transform) => {
    const table = parameterTable<Doc>(name)(names, describe);
    // A function, not an arrow: `new Resize(224)` works too.
    function factory(...args: readonly unknown[]): Transform {
      return transformOf(table.bind(args));
    }
    Object.defineProperty(factory, "name", { value: name });
    return factory;
  };
}

async function apply(spec: TransformSpec, images: Tensor, given: Partial<TransformContext>): Promise<Tensor> {
  const batch = await toArray(images);
  const single = batch.shape.length === 3;
  if (!single && batch.shape.length !== 4) {
    throw new ShapeError(
      `${spec.kind}: expected images [C, H, W] or [N, C, H, W], got ${formatShape(batch.shape)}`,
    );
  }
  const shape = single ? [1, ...batch.shape] : batch.shape;
  const indices = given.indices ?? Array.from({ length: shape[0] }, (_, i) => i);
  if (indices.length !== shape[0]) {
    throw new ArgumentError(`${spec.kind}: expected ${shape[0]} indices, got ${indices.length}`);
  }
  const context = { seed: given.seed ?? 0, epoch: given.epoch ?? 0, indices };
  const result = runTransform(spec, { ...batch, shape }, context);
  return toTensor(single ? { ...result, shape: result.shape.slice(1) } : result);
}

function formatSpec(spec: TransformSpec): string {
  const { kind, ...options } = spec;
  if (spec.kind === "Compose") {
    return `Compose(\n${spec.transforms.map((one) => `    ${formatSpec(one)}\n`).join("")})`;
  }
  // torchvision prints a Lambda without its function.
  if (spec.kind === "Lambda") return "Lambda()";
  const parts = Object.entries(options).map(([name, value]) => {
    const text = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
    return `${name}=${text}`;
  });
  return `${kind}(${parts.join(", ")})`;
}
