/** Weights of files in networks whose keys need not be the same: a row of layers, or blocks within blocks. */
import { load, type nn, type Tensor } from "convoyant";
import { LabError } from "./problem.ts";

/** Files sort names as texts; layers come by their numbers, and each has its weight before its bias. */
const TENSORS = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];

function compareNames(a: string, b: string): number {
  const [left, right] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] === right[i]) continue;
    const [m, n] = [Number(left[i]), Number(right[i])];
    if (Number.isInteger(m) && Number.isInteger(n)) return m - n;
    const [p, q] = [TENSORS.indexOf(left[i]), TENSORS.indexOf(right[i])];
    if (p >= 0 && q >= 0) return p - q;
    return left[i] < right[i] ? -1 : 1;
  }
  return left.length - right.length;
}

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
  // A network within another one has its name before those of its weights.
  const inner = (name: string) => name.slice(name.indexOf(".") + 1);
  const isInner = names.length === Object.keys(given).length && names.every((name) => inner(name) in given);
  const values: Tensor[] = same
    ? names.map((name) => given[name])
    : isInner
      ? names.map((name) => given[inner(name)])
      : Object.keys(given)
          .sort(compareNames)
          .map((name) => given[name]);
  const fits =
    values.length === names.length && names.every((name, i) => `${own[name].shape}` === `${values[i].shape}`);
  if (!fits)
    throw new LabError("bad experiment", "the weights are those of another network: their shapes are others");
  net.loadStateDict(Object.fromEntries(names.map((name, i) => [name, values[i]])));
}
