/** The weights of a convolution. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import * as nn from "../../nn/index.ts";
import type { Filters } from "../../report/filter_images.ts";

/**
 * The filters of a convolution, as plain data.
 *
 * @param layer - its path, such as `net.0`. Default: the first convolution.
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
  const all = net.namedModules();
  const known = all.filter((entry): entry is [string, nn.Conv2d] => hasFilters(entry[1]));
  const names = known.map(([path]) => path || net.constructor.name);
  const found = layer === undefined ? known[0] : known.find(([path]) => path === layer);
  if (found === undefined) {
    const module = all.find(([path]) => path === layer)?.[1];
    const wrong =
      layer === undefined
        ? `${net.constructor.name} has no convolution with filters`
        : module === undefined
          ? `there is no layer ${shownValue(layer)}${didYouMean(layer, names)}`
          : `\`${layer}\` is a ${module.constructor.name} and has no filters`;
    throw new ArgumentError(
      `filters: ${wrong}; ${names.length === 0 ? "no layer has any" : `these have: ${names.join(", ")}`}`,
    );
  }
  const [path, { weight }] = found;
  const data = Float32Array.from(await weight.detach().data(), Number);
  return { layer: path, shape: weight.shape as unknown as Filters["shape"], data };
}

function hasFilters(module: nn.Module): module is nn.Conv2d {
  return module instanceof nn.Conv2d && !module.isLazy;
}
