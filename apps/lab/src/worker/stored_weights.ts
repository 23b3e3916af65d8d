/** Weights of files in networks whose keys need not be the same: a row of layers, or blocks within blocks. */
import { load, type nn, type Tensor } from "convoyant";
import { LabError } from "./problem.ts";

/**
 * Loads weights: by their names, or if those are others, in their order.
 *
 * @throws LabError "bad experiment" if they are not those of such a network.
 */
export async function loadInOrder(net: nn.Module, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const given = await load(bytes).catch((error: Error) => {
    throw new LabError("bad experiment", `the weights cannot be read: ${error.message}`);
  });
  const own = net.stateDict();
  const names = Object.keys(own);
  const same = names.length === Object.keys(given).length && names.every((name) => name in given);
  const values: Tensor[] = same ? names.map((name) => given[name]) : Object.values(given);
  const fits =
    values.length === names.length && names.every((name, i) => `${own[name].shape}` === `${values[i].shape}`);
  if (!fits)
    throw new LabError("bad experiment", "the weights are those of another network: their shapes are others");
  net.loadStateDict(Object.fromEntries(names.map((name, i) => [name, values[i]])));
}
