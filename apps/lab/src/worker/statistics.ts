/** How the layers of a network learn: sizes of gradients, dead units. */
import { type nn, noGrad, Tensor } from "convoyant";
import type { LayerStatistics } from "./protocol.ts";
import type { TrainedNetwork } from "./trained_network.ts";

/** Square root of the sum of squares of numbers. */
const norm = (data: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  return Math.sqrt(sum);
};

/** Of a sigmoid or tanh: the largest slope below which a unit learns next to nothing. */
const FLAT = 1e-3;

/** Whether a unit with these outputs passes on no gradient; undefined for layers that have no such units. */
const DEAD: Readonly<Record<string, (outputs: Extremes) => boolean>> = {
  ReLU: ({ most }) => most <= 0,
  Sigmoid: ({ least, most }) => slopes(least, most, (s) => s * (1 - s)) < FLAT,
  Tanh: ({ least, most }) => slopes(least, most, (t) => 1 - t * t) < FLAT,
};

interface Extremes {
  readonly least: number;
  readonly most: number;
}

/** The largest slope between two outputs, when the slope is largest at the middle of the function. */
function slopes(least: number, most: number, slope: (output: number) => number): number {
  const middle = slope(0.5) > slope(0) ? 0.5 : 0;
  if (least <= middle && most >= middle) return slope(middle);
  return Math.max(slope(least), slope(most));
}

/**
 * Statistics of each layer. Gradients are those that parameters have now; null if they have none.
 *
 * @param x - a batch of images.
 */
export async function statisticsOf(
  { net, optimizer }: TrainedNetwork,
  x: Tensor,
): Promise<LayerStatistics[]> {
  const lr = optimizer.paramGroups[0].lr;
  const outputs = outputsOf(net, x);
  const found: LayerStatistics[] = [];
  for (const [path, module] of net.namedModules()) {
    if (module.children().length > 0 || path === "") continue;
    const parameters = module.parameters(false);
    const units = await deadOf(module.constructor.name, outputs.get(module));
    if (parameters.length === 0 && units === null) continue;
    found.push({
      path,
      kind: module.constructor.name,
      ...(await sizesOf(parameters, lr)),
      deadUnits: units?.dead ?? null,
      units: units?.units ?? null,
    });
  }
  return found;
}

async function sizesOf(parameters: readonly nn.Parameter[], lr: number) {
  const none = { gradientNorm: null, weightNorm: null, updateRatio: null };
  if (parameters.length === 0) return none;
  const weights = await Promise.all(parameters.map((one) => one.detach().data()));
  const weightNorm = Math.hypot(...weights.map((data) => norm(data as Float32Array)));
  if (parameters.some(({ grad }) => grad === null)) return { ...none, weightNorm };
  const gradients = await Promise.all(parameters.map(({ grad }) => (grad as Tensor).detach().data()));
  const gradientNorm = Math.hypot(...gradients.map((data) => norm(data as Float32Array)));
  return {
    gradientNorm,
    weightNorm,
    updateRatio: weightNorm === 0 ? null : (lr * gradientNorm) / weightNorm,
  };
}

/** What activations give for a batch, in evaluation mode. */
function outputsOf(net: nn.Module, x: Tensor): Map<nn.Module, Tensor> {
  const outputs = new Map<nn.Module, Tensor>();
  const modules = net.modules().filter((module) => Object.hasOwn(DEAD, module.constructor.name));
  const handles = modules.map((module) =>
    module.registerForwardHook((_module, _inputs, output) => {
      if (output instanceof Tensor) outputs.set(module, output.detach());
    }),
  );
  const wasTraining = net.training;
  try {
    net.eval();
    noGrad(() => void net(x));
    return outputs;
  } finally {
    net.train(wasTraining);
    for (const handle of handles) handle.remove();
  }
}

/** Units of a vector, or channels of feature maps. */
async function deadOf(kind: string, output: Tensor | undefined) {
  if (output === undefined) return null;
  const [images, units, ...rest] = output.shape;
  const size = rest.reduce((all, n) => all * n, 1);
  const data = (await output.data()) as Float32Array;
  let dead = 0;
  for (let unit = 0; unit < units; unit++) {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let image = 0; image < images; image++) {
      const from = (image * units + unit) * size;
      for (let i = from; i < from + size; i++) {
        if (data[i] < least) least = data[i];
        if (data[i] > most) most = data[i];
      }
    }
    if (DEAD[kind]({ least, most })) dead++;
  }
  return { dead, units };
}
