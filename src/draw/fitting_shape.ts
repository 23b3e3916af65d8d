/** The input shape of a network, found by trying: its first layer says how many channels, its dense layers how large. */
import * as nn from "../nn/index.ts";
import { zeros } from "../tensor/filled.ts";
import { recordNetwork } from "./recording.ts";

/** Sides of images that networks are often made for, those first that are taken if several fit. */
const USUAL_SIDES = [224, 28, 32, 96, 64, 128, 256, 299, 227, 48, 16, 8];
/** Networks that take images of both sizes take any. */
const FAR_APART = [224, 299];
const LARGEST_SIDE = 320;
/** In larger networks only the usual sides are tried. */
const MOST_MODULES = 300;

/** The shape without the batch; undefined if the network takes inputs of any size, or none is found. */
export function fittingShape(net: nn.Module): readonly number[] | undefined {
  const modules = net.modules();
  // A call would settle how many channels a lazy layer takes.
  if (modules.some((module) => module.isLazy)) return undefined;
  const first = modules.find((module) => module instanceof nn.Conv2d || module instanceof nn.Linear);
  if (first === undefined) return undefined;
  if (first instanceof nn.Linear) return fits(net, [first.inFeatures]) ? [first.inFeatures] : undefined;
  const image = (side: number) => [(first as nn.Conv2d).inChannels, side, side];
  if (FAR_APART.every((side) => fits(net, image(side)))) return undefined;
  const all = Array.from({ length: LARGEST_SIDE }, (_, i) => i + 1);
  const sides = modules.length > MOST_MODULES ? USUAL_SIDES : [...USUAL_SIDES, ...all];
  const side = sides.find((one) => fits(net, image(one)));
  return side === undefined ? undefined : image(side);
}

function fits(net: nn.Module, shape: readonly number[]): boolean {
  try {
    recordNetwork(net, [zeros([1, ...shape])]);
    return true;
  } catch {
    return false;
  }
}
