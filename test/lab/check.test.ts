/** Shapes, parameters and mistakes that the check finds are those of the library. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { models, rand } from "convoyant";
import fc from "fast-check";
import { ACTIVATION_TYPES, type Block } from "../../apps/lab/src/experiment/blocks.ts";
import { checkBlocks, checkNetwork } from "../../apps/lab/src/experiment/check.ts";
import {
  FIRST_EXPERIMENT,
  IMAGE_SIZES,
  KNOWN_NETWORKS,
  type KnownOptions,
  type NetworkSource,
} from "../../apps/lab/src/experiment/experiment.ts";
import { blocksOf, KNOWN_FACTS } from "../../apps/lab/src/experiment/known_networks.ts";

const side = fc.integer({ min: 1, max: 7 });
const window = {
  kernelSize: side,
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.integer({ min: 0, max: 3 }),
};
const anyBlock: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("Conv2d" as const), outChannels: fc.integer({ min: 1, max: 6 }), ...window }),
  fc.record({ type: fc.constantFrom("MaxPool2d" as const, "AvgPool2d" as const), ...window }),
  fc.record({ type: fc.constant("AdaptiveAvgPool2d" as const), outputSize: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant("Linear" as const), outFeatures: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ type: fc.constant("Dropout" as const), p: fc.double({ min: 0, max: 0.9, noNaN: true }) }),
  fc.constant<Block>({ type: "Inception", c1: 2, c2: [1, 3], c3: [2, 2], c4: 1 }),
  fc.constantFrom<Block>(
    ...ACTIVATION_TYPES.map((type) => ({ type })),
    { type: "BatchNorm2d" },
    { type: "BatchNorm1d" },
    { type: "Flatten" },
  ),
);

test("blocks that the check accepts give its shapes and parameters; those that it refuses, the library refuses", () => {
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(anyBlock, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 6, max: 14 }),
      (blocks, size) => {
        const input = [1, size, size] as const;
        const check = checkBlocks(blocks, input, 10);
        const misfit = check.blocks.findIndex(({ problem }) => problem !== null);
        if (check.layers.length > 0) {
          const net = models.sequential(check.layers);
          const { output } = check.blocks[check.layers.length - 1];
          assert.deepEqual(net(rand(2, ...input)).shape, [2, ...(output ?? [])]);
          const count = net.parameters().reduce((all, one) => all + one.numel(), 0);
          assert.equal(count, check.parameters);
        }
        if (misfit < 0) {
          accepted++;
          return;
        }
        refused++;
        assert.equal(check.problem?.block, misfit);
        assert.ok(check.blocks.slice(misfit + 1).every(({ output }) => output === null));
      },
    ),
    { numRuns: 150, seed: 4 },
  );
  assert.ok(accepted > 20 && refused > 20, `${accepted} accepted, ${refused} refused`);
});

test("mistakes are named as they are typed", () => {
  const problem = (blocks: readonly Block[], classes = 10) => {
    const { problem } = checkBlocks(blocks, [1, 28, 28], classes);
    return `${problem?.block}: ${problem?.message}`;
  };
  const flatten: Block = { type: "Flatten" };
  const conv: Block = { type: "Conv2d", outChannels: 4, kernelSize: 5, stride: 1, padding: 0 };
  assert.equal(
    problem([flatten, { type: "Linear", inFeatures: 400, outFeatures: 10 }]),
    "1: Linear expects 400, gets 784",
  );
  assert.equal(problem([{ ...conv, inChannels: 3 } as Block]), "0: Conv2d expects 3, gets 1");
  assert.equal(
    problem([conv, { type: "Linear", outFeatures: 10 }]),
    "1: Linear expects a vector, gets [4, 24, 24]: put Flatten before it",
  );
  assert.equal(
    problem([flatten, conv]),
    "1: Conv2d expects feature maps [channels, height, width], gets [784]",
  );
  assert.match(
    problem([{ ...conv, kernelSize: 31 } as Block]),
    /^0: Conv2d with a 31x31 kernel does not fit into \[1, 28, 28\]/,
  );
  assert.equal(
    problem([{ ...conv, stride: 0 } as Block]),
    "0: Conv2d expects stride to be an integer from 1 to 16, gets 0",
  );
  assert.equal(
    problem([{ ...conv, outChannels: Number.NaN } as Block]),
    "0: Conv2d expects outChannels to be an integer from 1 to 2048, gets NaN",
  );
  assert.equal(problem([]), "0: the network has no blocks: add one");
  assert.equal(
    problem([flatten, { type: "Linear", outFeatures: 12 }]),
    "2: the last layer gives [12], and there are 10 classes: end with Linear(10)",
  );
});

test("the chapter's networks are the book's at full size, and fit at every size of the Lab", () => {
  const parameters = (
    name: (typeof KNOWN_NETWORKS)[number],
    size: number,
    options: Partial<KnownOptions> = {},
  ) => {
    const given = { ...KNOWN_FACTS[name].options, width: 1, size, ...options };
    const check = checkBlocks(blocksOf(name, given, 10), [1, size, size], 10);
    assert.equal(check.problem, null, `${name} at ${size}`);
    return check.parameters;
  };
  assert.equal(parameters("lenet", 28), 61_706);
  assert.equal(parameters("bn-lenet", 28), 44_878);
  assert.equal(parameters("alexnet", 224), 46_764_746);
  assert.equal(parameters("nin", 224), 1_992_166);
  assert.equal(parameters("googlenet", 96), 5_977_530);
  const vgg = models.vgg(11);
  const full = vgg.parameters().reduce((all, one) => all + one.numel(), 0);
  assert.equal(parameters("vgg", 224), full);
  for (const name of KNOWN_NETWORKS)
    for (const size of IMAGE_SIZES)
      for (const batchNorm of [false, true]) {
        const options = { ...KNOWN_FACTS[name].options, size, batchNorm };
        const network: NetworkSource = { kind: "known", name, options };
        const check = checkNetwork(FIRST_EXPERIMENT, network);
        assert.equal(check?.problem, null, `${name} at ${size} pixels`);
      }
});
