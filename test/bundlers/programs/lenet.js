/** LeNet, trained for four steps on images made by a formula. */
import { fromTypedArray, manualSeed, stopEngine, useEngine } from "convoyant";
import * as nn from "convoyant/nn";
import * as optim from "convoyant/optim";

export async function trainLenet(engine = "wasm") {
  await useEngine(engine, engine === "wasm" ? { threads: 2 } : {});
  manualSeed(1);
  const net = nn.Sequential(
    nn.Conv2d(1, 6, 5, { padding: 2 }),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Conv2d(6, 16, 5),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Flatten(),
    nn.Linear(400, 120),
    nn.Sigmoid(),
    nn.Linear(120, 84),
    nn.Sigmoid(),
    nn.Linear(84, 10),
  );
  const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
  const losses = [];
  for (let step = 0; step < 4; step++) {
    const pixels = Float32Array.from({ length: 32 * 784 }, (_, i) => ((i * 37 + step * 101) % 256) / 255);
    const labels = Float64Array.from({ length: 32 }, (_, i) => (i * 7 + step) % 10);
    const x = fromTypedArray(pixels, [32, 1, 28, 28], "float32");
    const y = fromTypedArray(labels, [32], "int64");
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  await stopEngine();
  return losses;
}
