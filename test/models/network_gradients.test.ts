/** The networks that people fine-tune against PyTorch's: outputs and gradients, on weights that a formula gives. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  models,
  type nn,
  noGrad,
  optim,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
} from "../../src/index.ts";

interface Recorded {
  /** Of the weights and inputs. */
  readonly seed: number;
  /** How much smaller the weights of the last normalisation of a bottleneck are. */
  readonly lastNorm: number;
  readonly training: number[];
  readonly evaluation: number[];
  /** Norm, and product with a pattern: of the input's gradient, then of each parameter's. */
  readonly gradients: [norm: number, product: number][];
}

const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/models/network_gradients.json", import.meta.url), "utf8"),
) as Record<string, Recorded>;

const { torchvision } = models;
const numClasses = 10;
const makers: Record<string, () => nn.Module> = {
  resnet18: () => torchvision.resnet18({ numClasses }),
  resnet34: () => torchvision.resnet34({ numClasses }),
  resnet50: () => torchvision.resnet50({ numClasses }),
  squeezenet1_1: () => torchvision.squeezenet1_1({ numClasses, dropout: 0 }),
  mobilenet_v2: () => torchvision.mobilenetV2({ numClasses, dropout: 0 }),
  mobilenet_v3_small: () => torchvision.mobilenetV3Small({ numClasses, dropout: 0 }),
  efficientnet_b0: () => torchvision.efficientnetB0({ numClasses, dropout: 0, stochasticDepthProb: 0 }),
  densenet121: () => torchvision.densenet121({ numClasses }),
  efficientnet_lite0: () => models.efficientnetLite0({ numClasses, dropout: 0, dropConnectRate: 0 }),
};

before(() => useEngine("wasm", { threads: 2, exactConvolutions: true, portable: true }));
after(() => stopEngine());

/** shift + scale times numbers in [-1, 1) that look random; make_network_gradients.py makes the same. */
function pattern(shape: readonly number[], key: number, scale = 1, shift = 0): Float32Array<ArrayBuffer> {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) {
    let x = Math.imul(i, 0x9e3779b1) + Math.imul(key, 0x85ebca77);
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    x ^= x >>> 15;
    data[i] = shift + scale * ((x >>> 0) / 2 ** 31 - 1);
  }
  return data;
}

function patterned(shape: readonly number[], key: number, scale = 1, shift = 0): Tensor {
  return tensor(pattern(shape, key, scale, shift), { shape: [...shape] });
}

/** Of the values of a state dict: a factor for the pattern, and what is added. */
function rangeOf(name: string, value: Tensor, lastNorm: number): [scale: number, shift: number] {
  if (value.ndim > 1) return [Math.sqrt(6 / (value.numel() / value.size(0))), 0];
  if (name.endsWith("running_var")) return [0.5, 1];
  const share = name.endsWith("bn3.weight") ? lastNorm : 1;
  return name.endsWith("weight") ? [0.2 * share, 0.4 * share] : [0.1, 0];
}

function fill(net: nn.Module, { seed, lastNorm }: Recorded): void {
  // Of what the state dict gives, a shape would ask for the initial values, which are not needed.
  const own = new Map<string, Tensor>([...net.namedParameters(), ...net.namedBuffers()]);
  const filled = Object.keys(net.stateDict()).map((name, key) => {
    const value = own.get(name) as Tensor;
    const made =
      value.ndim === 0 ? value : patterned(value.shape, seed + key, ...rangeOf(name, value, lastNorm));
    return [name, made] as const;
  });
  net.loadStateDict(Object.fromEntries(filled));
}

/** The largest difference, relative to the largest number. */
function difference(given: ArrayLike<number>, expected: readonly number[]): number {
  const size = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((x, i) => Math.abs(given[i] - x))) / size;
}

/** Norm, and product with the pattern. */
function summary(gradient: ArrayLike<number>, shown: Float32Array): [norm: number, product: number] {
  let [square, product] = [0, 0];
  for (let i = 0; i < gradient.length; i++) {
    square += gradient[i] * gradient[i];
    product += gradient[i] * shown[i];
  }
  return [Math.sqrt(square), product];
}

/**
 * How far gradients may be off, in shares of their norms. The fixture is in double precision, on weights with which no
 * activation lies so near to a bend of ReLU that single precision takes the other side.
 */
const TOLERANCE = 1e-3;

test("every network of the fixture is here", () => {
  assert.deepEqual(Object.keys(makers), Object.keys(recorded));
});

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: outputs and gradients are PyTorch's`, async () => {
    const { seed, training, evaluation, gradients } = recorded[name];
    const net = make();
    fill(net, recorded[name]);
    const x = patterned([2, 3, 64, 64], 1000 + seed).requiresGrad_();
    const output = net(x) as Tensor;
    output
      .mul(patterned(output.shape, 1001 + seed))
      .sum()
      .backward();
    // One program for everything: each gradient that is read by itself would be one of its own.
    optim.SGD(net.parameters(), { lr: 0 }).step();
    assert.ok(difference(await output.data(), training) < 5e-4, "output in training");

    const given = [x, ...net.parameters()].map((of) => of.grad as Tensor);
    assert.equal(given.length, gradients.length);
    // Of a bias before a normalisation nothing but rounding is left.
    const least = 1e-3 * Math.max(...gradients.map(([norm]) => norm));
    for (const [i, gradient] of given.entries()) {
      const [norm, product] = summary(await gradient.data(), pattern(gradient.shape, 2000 + seed + i));
      const [expected, expectedProduct] = gradients[i];
      const most = TOLERANCE * Math.max(expected, least);
      const of = `gradient ${i}, ${gradient.shape}`;
      assert.ok(Math.abs(norm - expected) < most, `${of}: norm ${norm}, PyTorch's ${expected}`);
      assert.ok(
        Math.abs(product - expectedProduct) < most,
        `${of}: product ${product}, PyTorch's ${expectedProduct}`,
      );
    }

    net.eval();
    const later = await noGrad(() => net(x) as Tensor).data();
    assert.ok(difference(later, evaluation) < 5e-4, "output in evaluation, with the running statistics");
  });
}
