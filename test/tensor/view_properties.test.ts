import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { arange, stopEngine, type Tensor, useEngine } from "../../src/index.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

/** The oracle: a view as PyTorch has it, strides over one array. */
class Strided {
  readonly memory: Float64Array;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;

  constructor(memory: Float64Array, sizes: readonly number[], strides: readonly number[], offset: number) {
    this.memory = memory;
    this.sizes = sizes;
    this.strides = strides;
    this.offset = offset;
  }

  places(): number[] {
    let places = [this.offset];
    this.sizes.forEach((size, d) => {
      places = places.flatMap((p) => Array.from({ length: size }, (_, i) => p + i * this.strides[d]));
    });
    return places;
  }

  with(sizes: readonly number[], strides: readonly number[], offset = this.offset): Strided {
    return new Strided(this.memory, sizes, strides, offset);
  }
}

interface Pair {
  readonly own: Tensor;
  readonly oracle: Strided;
}

/** View functions on both; `a` and `b` are random numbers from which each takes what it needs. */
const VIEWS: readonly ((pair: Pair, a: number, b: number) => Pair | null)[] = [
  ({ own, oracle }, a, b) => {
    const { sizes, strides, offset } = oracle;
    if (sizes.length === 0) return null;
    const d = a % sizes.length;
    if (sizes[d] === 0) return null;
    const i = b % sizes[d];
    const rest = <T>(list: readonly T[]) => list.filter((_, e) => e !== d);
    return {
      own: own.select(d, i),
      oracle: oracle.with(rest(sizes), rest(strides), offset + i * strides[d]),
    };
  },
  ({ own, oracle }, a, b) => {
    const { sizes, strides } = oracle;
    if (sizes.length === 0) return null;
    const [first, second] = [a % sizes.length, b % sizes.length];
    const swapped = <T>(list: readonly T[]) =>
      list.map((one, d) => (d === first ? list[second] : d === second ? list[first] : one));
    return { own: own.transpose(first, second), oracle: oracle.with(swapped(sizes), swapped(strides)) };
  },
  ({ own, oracle }, a, b) => {
    const { sizes, strides, offset } = oracle;
    if (sizes.length === 0) return null;
    const d = a % sizes.length;
    const start = b % (sizes[d] + 1);
    const step = 1 + (a % 3);
    const count = Math.ceil((sizes[d] - start) / step);
    const changed = (list: readonly number[], to: number) => list.map((one, e) => (e === d ? to : one));
    return {
      own: own.slice(d, start, null, step),
      oracle: oracle.with(
        changed(sizes, count),
        changed(strides, strides[d] * step),
        offset + start * strides[d],
      ),
    };
  },
  ({ own, oracle }, a) => {
    const { sizes, strides } = oracle;
    const d = a % (sizes.length + 1);
    return {
      own: own.unsqueeze(d),
      oracle: oracle.with(
        [...sizes.slice(0, d), 1, ...sizes.slice(d)],
        [...strides.slice(0, d), 1, ...strides.slice(d)],
      ),
    };
  },
  ({ own, oracle }) => {
    if (!own.isContiguous()) return null;
    return { own: own.view(-1), oracle: oracle.with([own.numel()], [1]) };
  },
  ({ own, oracle }, a) => {
    const { sizes, strides, offset } = oracle;
    if (sizes.length < 2) return null;
    const shift = (a % 3) - 1;
    const size = Math.max(
      0,
      shift >= 0 ? Math.min(sizes[0], sizes[1] - shift) : Math.min(sizes[0] + shift, sizes[1]),
    );
    return {
      own: own.diagonal(shift),
      oracle: oracle.with(
        [...sizes.slice(2), size],
        [...strides.slice(2), strides[0] + strides[1]],
        offset + (shift >= 0 ? shift * strides[1] : -shift * strides[0]),
      ),
    };
  },
  ({ own, oracle }) => ({ own: own.detach(), oracle }),
];

const WRITES: readonly ((pair: Pair, number: number) => void)[] = [
  ({ own, oracle }, number) => {
    own.fill_(number);
    for (const place of oracle.places()) oracle.memory[place] = number;
  },
  ({ own, oracle }, number) => {
    own.mul_(2).add_(number);
    for (const place of oracle.places())
      oracle.memory[place] = Math.fround(oracle.memory[place] * 2 + number);
  },
  ({ own, oracle }, number) => {
    own.copy_(arange(own.numel()).add(number).float().reshape(own.shape));
    oracle.places().forEach((place, i) => {
      oracle.memory[place] = i + number;
    });
  },
];

const number = fc.nat(1000);
const action = fc.oneof(
  fc.record({ kind: fc.constant("view" as const), of: number, which: number, a: number, b: number }),
  fc.record({ kind: fc.constant("write" as const), of: number, which: number, a: fc.nat(9), b: number }),
  fc.record({ kind: fc.constant("read" as const), of: number, which: number, a: number, b: number }),
);

test("random sequences of views, writes and reads give what strides over one array give", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    fc.array(action, { minLength: 2, maxLength: 14 }),
    async (shape, actions) => {
      const own = arange(shape.reduce((a, b) => a * b, 1))
        .float()
        .reshape(shape)
        .clone();
      const oracle = new Strided(
        Float64Array.from({ length: own.numel() }, (_, i) => i),
        shape,
        own.stride(),
        0,
      );
      const pairs: Pair[] = [{ own, oracle }];
      const check = async (pair: Pair) => {
        assert.deepEqual(pair.own.shape, [...pair.oracle.sizes]);
        assert.equal(
          pair.own.storageOffset(),
          pair.own.numel() > 0 ? pair.oracle.offset : pair.own.storageOffset(),
        );
        assert.deepEqual(
          [...(await pair.own.data())],
          pair.oracle.places().map((place) => pair.oracle.memory[place]),
        );
      };
      for (const { kind, of, which, a, b } of actions) {
        const pair = pairs[of % pairs.length];
        if (kind === "read") await check(pair);
        else if (kind === "write") WRITES[which % WRITES.length](pair, a);
        else {
          const next = VIEWS[which % VIEWS.length](pair, a, b);
          if (next !== null) pairs.push(next);
        }
      }
      for (const pair of pairs) await check(pair);
    },
  );
  await fc.assert(property, { numRuns: 150, seed: 7 });
});
