import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nn, ones, ShapeError, stopEngine, type Tensor, useEngine } from "../../src/index.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

const { Sequential, Flatten, Linear, Conv1d, Conv2d, ConvTranspose2d } = nn;

/** A network, the shape of an input that does not fit, and the guess that the message must end in. */
const GUESSES: readonly (readonly [string, (x: Tensor) => Tensor, readonly number[], string])[] = [
  ["channels last", Conv2d(3, 8, 3), [8, 32, 32, 3], "did you mean input.permute(0, 3, 1, 2)?"],
  ["channels last, one image", Conv2d(3, 8, 3), [32, 32, 3], "did you mean input.permute(2, 0, 1)?"],
  ["channels last, in groups", Conv2d(4, 8, 3, { groups: 2 }), [2, 9, 9, 4], "permute(0, 3, 1, 2)?"],
  ["channels last, sequence", Conv1d(3, 4, 3), [2, 8, 3], "did you mean input.permute(0, 2, 1)?"],
  ["channels last, transposed", ConvTranspose2d(3, 4, 3), [2, 8, 8, 3], "permute(0, 3, 1, 2)?"],
  ["channels last, batch norm", nn.BatchNorm2d(3), [2, 4, 4, 3], "did you mean input.permute(0, 3, 1, 2)?"],
  ["channels last, group norm", nn.GroupNorm(1, 3), [2, 4, 4, 3], "did you mean input.permute(0, 3, 1, 2)?"],
  ["grey images without a channel", Conv2d(1, 8, 3), [8, 28, 28], "did you mean input.unsqueeze(1)?"],
  ["a grey image without a channel", Conv2d(1, 8, 3), [28, 28], "did you mean input.unsqueeze(0)?"],
  ["no batch, batch norm", nn.BatchNorm2d(3), [3, 4, 4], "did you mean input.unsqueeze(0)?"],
  ["no batch, batch norm of features", nn.BatchNorm1d(3), [3], "did you mean input.unsqueeze(0)?"],
  ["batch norm of images, of features", nn.BatchNorm1d(3), [2, 3, 4, 4], "did you mean BatchNorm2d?"],
  ["batch norm of features, of images", nn.BatchNorm2d(3), [2, 3], "did you mean BatchNorm1d?"],
  [
    "no batch, Flatten eats the channel",
    Sequential(Conv2d(3, 4, 3), Flatten(), Linear(4 * 6 * 6, 10)),
    [3, 8, 8],
    "did you mean to give the network input.unsqueeze(0)?",
  ],
  [
    "no Flatten",
    Sequential(Conv2d(3, 4, 3), Linear(4 * 6 * 6, 10)),
    [2, 3, 8, 8],
    "did you mean input.flatten(1), or nn.Flatten() in front of this layer?",
  ],
  [
    "flattened whole",
    Linear(784, 10),
    [2 * 784],
    "did you mean flatten(1), which keeps the batch dimension (of 2)?",
  ],
  ["transposed", Linear(20, 10), [20, 3], "did you mean input.t()?"],
];

test("a wrong shape that fits a usual mistake names the cure", async (t) => {
  for (const [name, net, shape, guess] of GUESSES) {
    await t.test(name, () => {
      assert.throws(
        () => net(ones([...shape])),
        (error: Error) =>
          error instanceof ShapeError &&
          error.message.endsWith(guess) &&
          error.message.includes(`[${shape.join(", ")}]`) === !(net instanceof Sequential),
      );
    });
  }
});

test("a wrong shape that fits none is told without a guess", () => {
  const wrong: readonly (readonly [(x: Tensor) => Tensor, readonly number[]])[] = [
    [Conv2d(3, 8, 3), [8, 4, 32, 32]],
    [Conv2d(3, 8, 3), [32, 32]],
    [Conv2d(3, 8, 3), [8, 28, 28]],
    [Linear(20, 10), [2, 21]],
    [Linear(20, 10), [21]],
    [Linear(20, 10), [2, 3, 4, 6]],
    [nn.BatchNorm2d(3), [2, 4, 4, 5]],
    [nn.BatchNorm2d(3), [4, 4, 4]],
    [nn.BatchNorm1d(3), [4]],
  ];
  for (const [net, shape] of wrong) {
    assert.throws(
      () => net(ones([...shape])),
      (error: Error) => error instanceof ShapeError && !error.message.includes("did you mean"),
    );
  }
});

test("batch norm of nothing is nothing, and leaves its statistics alone, as in PyTorch", async () => {
  for (const training of [false, true]) {
    for (const [shape, channels] of [
      [[0], 0],
      [[0], 3],
      [[0, 3], 3],
      [[2, 0], 0],
      [[0, 3, 2, 2], 3],
      [[2, 3, 0, 2], 3],
    ] as const) {
      const [mean, variance] = [ones(channels), ones(channels)];
      const x = ones([...shape]).requiresGrad_();
      // Without channels PyTorch takes no weight.
      const weight = channels === 0 ? null : ones(channels).requiresGrad_();
      const y = nn.functional.batchNorm(x, mean, variance, weight, weight && ones(channels), { training });
      assert.deepEqual(y.shape, [...shape]);
      y.sum().backward();
      assert.deepEqual(x.grad?.shape, [...shape]);
      if (weight !== null) assert.deepEqual(await weight.grad?.tolist(), [0, 0, 0]);
      assert.deepEqual(await mean.tolist(), new Array(channels).fill(1));
    }
    const none = nn.functional.batchNorm(ones(0, 3), null, null, { training });
    assert.deepEqual(none.shape, [0, 3]);
  }
  assert.throws(() => nn.functional.batchNorm(ones(1, 0), null, null, { training: true }), ShapeError);
});
