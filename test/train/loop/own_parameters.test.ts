import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { crossEntropy, stopEngine, useEngine } from "../../../src/tensor/index.ts";
import { type FitOptions, fit } from "../../../src/train/index.ts";
import { quadrantBatches } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

const network = () => nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4));
const train = (net: nn.Module, optimizer: optim.Optimizer, more: Partial<FitOptions> = {}) =>
  fit(net, { trainLoader: quadrantBatches(1, 1), optimizer, epochs: 1, ...more });
const sgd = (...nets: nn.Module[]) =>
  optim.SGD(
    nets.flatMap((net) => [...net.parameters()]),
    { lr: 0.1 },
  );

test("another network's optimiser is refused before anything is trained", async () => {
  const [net, other] = [network(), network()];
  await assert.rejects(train(net, sgd(other)), {
    name: "ArgumentError",
    message:
      /`optimizer` has 4 parameters, and none of them is of `net`: it was made for another network; make it with/,
  });
  const scheduler = optim.StepLR(sgd(net), 1);
  await assert.rejects(train(net, sgd(net), { scheduler }), /`scheduler` belongs to another optimizer/);
});

test("an optimiser that has other parameters too, or leaves some out, is warned of; frozen ones are not missed", async () => {
  const warn = mock.method(console, "warn", () => {});
  try {
    const [net, other] = [network(), network()];
    await train(net, sgd(net));
    for (const parameter of [...net.parameters()].slice(0, 2)) parameter.requiresGrad_(false);
    const head = optim.SGD([...net.parameters()].slice(2), { lr: 0.1 });
    await train(net, head);
    assert.equal(warn.mock.callCount(), 0);
    for (const parameter of net.parameters()) parameter.requiresGrad_(true);
    await train(net, sgd(net, other));
    await train(net, head);
    assert.deepEqual(
      warn.mock.calls.map(({ arguments: [text] }) => /fit: .*?(?=;)/.exec(text as string)?.[0]),
      [
        "fit: 4 of the 8 parameters of `optimizer` are not of `net`",
        "fit: `optimizer` leaves out 2 of the 4 parameters of `net` (0.weight, ...), which are not trained",
      ],
    );
  } finally {
    warn.mock.restore();
  }
});

test("options under another library's name, and numbers in quotes, are told apart", async () => {
  const net = network();
  assert.throws(
    () => optim.SGD(net.parameters(), { learningRate: 0.1 } as never),
    /unknown argument `learningRate` of SGD; did you mean `lr`\?/,
  );
  assert.throws(() => optim.Adam(net.parameters(), { learning_rate: 0.1 } as never), /did you mean `lr`\?/);
  assert.throws(() => optim.SGD(net.parameters(), { lr: "0.1" } as never), {
    name: "ArgumentError",
    message: 'SGD: expected `lr` to be at least 0, got the string "0.1"',
  });
  assert.throws(
    () => optim.SGD([{ params: net.parameters(), lr: "0.1" } as never], { lr: 1 }),
    /got the string "0.1"/,
  );
  const optimizer = sgd(net);
  for (const [options, message] of [
    [{ criterion: () => 0 }, /unknown argument `criterion` of fit; did you mean `loss`\?/],
    [{ valLoader: [] }, /did you mean `testLoader`\?/],
    [{ epochs: "3" }, /expected `epochs` to be an integer, got the string "3"/],
    [{ clipGradNorm: "1" }, /expected `clipGradNorm` to be above 0, got the string "1"/],
    [{ pointsPerEpoch: "5" }, /`pointsPerEpoch` to be at least 1, got the string "5"/],
    [{ checkpointSeconds: "5" }, /`checkpointSeconds` to be at least 0, got the string "5"/],
    [
      { earlyStopping: { monitor: "trainLoss", patience: "2" } },
      /`patience` to be at least 1, got the string "2"/,
    ],
    [{ loss: "mse" }, /expected `loss` to be a function of output and target, got "mse"/],
    [{ scheduler: "step" }, /expected `scheduler` to be a scheduler, such as/],
    [{ metrics: { top: 5 } }, /expected metric `top` to be a function/],
    [
      { metrics: { top: crossEntropy, testTop: crossEntropy } },
      /metrics `top` and `testTop` get one name on the test set/,
    ],
    [{ metrics: { "": crossEntropy } }, /expected every metric to have a name/],
  ] as const) {
    await assert.rejects(train(net, optimizer, options as never), { name: "ArgumentError", message });
  }
});
