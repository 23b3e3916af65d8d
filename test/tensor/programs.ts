/** Random programs over a few small tensors, for fast-check. */
import fc from "fast-check";
import * as c from "../../src/index.ts";

/** One step: takes earlier tensors (by position, wrapped) and gives a new one. */
export interface Step {
  readonly name: string;
  readonly a: number;
  readonly b: number;
}

type Rule = (a: c.Tensor, b: c.Tensor) => c.Tensor;

/** Bounded and smooth wherever it is evaluated, so that differences of it are meaningful. */
const SMOOTH: Record<string, Rule> = {
  add: (a, b) => a.add(b),
  sub: (a, b) => a.sub(b, { alpha: 0.5 }),
  mul: (a, b) => a.tanh().mul(b.sigmoid()),
  div: (a, b) => a.tanh().div(b.square().add(1)),
  exp: (a) => a.tanh().exp(),
  log: (a) => a.square().add(1).log(),
  sqrt: (a) => a.square().add(0.5).sqrt(),
  rsqrt: (a) => a.square().add(0.5).rsqrt(),
  sin: (a) => a.sin(),
  erf: (a) => a.erf(),
  pow: (a) => a.sigmoid().pow(2.5),
  sum: (a) => a.sum({ dim: 1, keepdim: true }).mul(0.3).expand(a.shape),
  mean: (a) => a.sub(a.mean({ dim: 0, keepdim: true })),
  var: (a) => a.div(a.var({ dim: 1, keepdim: true }).add(1).sqrt()),
  logsumexp: (a) => a.sub(a.logsumexp(1, true)),
  cumsum: (a) => a.cumsum(0).mul(0.3),
  prod: (a) => a.tanh().prod(1, true).add(a),
  matmul: (a, b) => a.matmul(b.transpose(0, 1)).mul(0.2).matmul(a).tanh(),
  flip: (a) => a.flip(0),
  cat: (a, b) => c.cat([a.slice(0, 0, 1), b.slice(0, 1)], 0),
  roll: (a) => a.roll(1, 1),
  gather: (a) =>
    a.gather(
      1,
      c.tensor([
        [0, 0, 2, 1],
        [3, 1, 1, 0],
        [2, 2, 2, 2],
      ]),
    ),
  indexAdd: (a, b) => a.indexAdd(0, c.tensor([2, 0, 2]), b),
  where: (a, b) => c.where(c.eye(3, 4).bool(), a, b),
  tril: (a) => a.tril(1),
  reshape: (a) => a.reshape(2, 6).t().reshape(3, 4),
};

/** Not smooth (or without a gradient), but the same on every engine. */
const ROUGH: Record<string, Rule> = {
  relu: (a) => a.relu(),
  abs: (a) => a.abs(),
  maximum: (a, b) => a.maximum(b),
  clamp: (a) => a.clamp(-0.4, 0.6),
  max: (a) => a.max(1, true).values.expand(3, 4),
  sort: (a) => a.sort(1).values,
  topk: (a) => c.cat([a.topk(2, 1).values, a.topk(2, 1, false).values], 1),
  amax: (a) => a.amax(0, true).add(a),
  argmax: (a) => a.argmax(1, true).float().mul(0.25).add(a),
  compare: (a, b) => a.gt(b).float().add(a),
  round: (a) => a.mul(2).round().mul(0.5),
};

export const SMOOTH_STEPS = Object.keys(SMOOTH);
export const ALL_STEPS = [...SMOOTH_STEPS, ...Object.keys(ROUGH)];

export function stepsOf(names: readonly string[], maxLength: number): fc.Arbitrary<Step[]> {
  const step = fc.record({ name: fc.constantFrom(...names), a: fc.nat(20), b: fc.nat(20) });
  return fc.array(step, { minLength: 1, maxLength });
}

/** Runs the steps from two 3 x 4 tensors; the result is the last tensor. */
export function runSteps(steps: readonly Step[], inputs: readonly c.Tensor[]): c.Tensor {
  const made = [...inputs];
  for (const { name, a, b } of steps) {
    const rule = SMOOTH[name] ?? ROUGH[name];
    // The newest tensor always takes part, so that no step is dead.
    made.push(rule(made[made.length - 1 - (a % 2)], made[b % made.length]));
  }
  return made[made.length - 1];
}
