/** The weights of a convolution. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import * as nn from "../../nn/index.ts";
import type { Filters } from "../../report/filter_images.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * The filters of a convolution, as plain data.
 *
 * @param layer - its path, such as `net.0`. Default: the first convolution. In a network without such layers (one out of an
 *   ONNX file, or one that calls functions) parameters of four dimensions are taken for filters.
 * @throws ArgumentError if there is no such layer or it has no filters; the message lists those that have.
 * @example
 * ```ts
 * import { filters } from "convoyant/look";
 * const { layer, shape } = await filters(models.lenet());
 * layer; // "0"
 * shape; // [6, 1, 5, 5]
 * ```
 */
export async function filters(net: nn.Module, { layer }: { readonly layer?: string } = {}): Promise<Filters> {
  const known = weightsOf(net);
  const [path, weight] = (layer === undefined ? known[0] : known.find(([name]) => name === layer)) ?? [];
  if (path === undefined || weight === undefined) throw noFilters(net, layer, known);
  const data = Float32Array.from(await weight.detach().data(), Number);
  return { layer: path, shape: weight.shape as unknown as Filters["shape"], data };
}

function weightsOf(net: nn.Module): [path: string, weight: Tensor][] {
  const layers = net.namedModules().filter((entry): entry is [string, nn.Conv2d] => hasFilters(entry[1]));
  if (layers.length > 0) return layers.map(([path, { weight }]) => [path, weight]);
  return net.namedParameters().filter(([, parameter]) => parameter.ndim === 4);
}

function noFilters(
  net: nn.Module,
  layer: string | undefined,
  known: readonly (readonly [path: string, weight: Tensor])[],
): ArgumentError {
  const names = known.map(([path]) => path || net.constructor.name);
  const module = net.namedModules().find(([path]) => path === layer)?.[1];
  const wrong =
    layer === undefined
      ? `${net.constructor.name} has no convolution with filters`
      : module === undefined
        ? `there is no layer ${shownValue(layer)}${didYouMean(layer, names)}`
        : `\`${layer}\` is a ${module.constructor.name} and has no filters`;
  return new ArgumentError(
    `filters: ${wrong}; ${names.length === 0 ? "no layer has any" : `these have: ${names.join(", ")}`}`,
  );
}

function hasFilters(module: nn.Module): module is nn.Conv2d {
  return module instanceof nn.Conv2d && !module.isLazy;
}
