/** Trains small networks on the wasm engine and prints the engine and a hash of the bits that come out. */
import { createHash } from "node:crypto";
import * as c from "convoyant";

const { nn, optim } = c;

await c.useEngine("wasm", JSON.parse(process.argv[2]) as { threads: number; portable?: boolean });
const hash = createHash("sha256");
const add = async (tensor: c.Tensor) => {
  const data = await tensor.data();
  hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
};
c.manualSeed(7);
const nets = [
  nn.Sequential(
    nn.Conv2d(1, 6, { kernelSize: 5, padding: 2 }),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2 }),
    nn.Conv2d(6, 16, { kernelSize: 5 }),
    nn.Tanh(),
    nn.AvgPool2d({ kernelSize: 2 }),
    nn.Flatten(),
    nn.Linear(400, 84),
    nn.GELU(),
    nn.Linear(84, 10),
  ),
  nn.Sequential(
    nn.Conv2d(1, 8, { kernelSize: 3, padding: 1, stride: 2 }),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d({ kernelSize: 2 }),
    nn.Flatten(),
    nn.Dropout({ p: 0.3 }),
    nn.Linear(8 * 49, 10),
  ),
];
for (const net of nets) {
  const optimizer = optim.Adam(net.parameters(), { lr: 0.003 });
  for (let step = 0; step < 12; step++) {
    const [x, y] = [c.randn(16, 1, 28, 28), c.randint(0, 10, [16])];
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(net(x), y);
    loss.backward();
    await optimizer.step();
    await add(loss);
  }
  for (const tensor of Object.values(net.stateDict())) await add(tensor);
}
console.log(JSON.stringify({ info: c.engineInfo(), hash: hash.digest("hex").slice(0, 16) }));
await c.stopEngine();
