/** A program that names no engine, trains two steps and prints what it ran on. */
import Module from "node:module";

const [, , way] = process.argv;
if (way.endsWith("no koffi")) hideKoffi();
const {
  nn,
  optim,
  engineInfo,
  engineName,
  isBf16Supported,
  manualSeed,
  rand,
  randint,
  stopEngine,
  useEngine,
} = await import("convoyant");

if (way === "ask, no koffi") await useEngine("onednn");
const first = engineName();
// The workers look for the library by themselves, and do not find what this thread has found.
if (way === "vanish") process.env.CONVOYANT_DNNL = "/gone/libdnnl.so.3";
manualSeed(0);
const net = nn.Sequential(
  nn.Conv2d(1, 16, 5, { padding: 2 }),
  nn.ReLU(),
  nn.MaxPool2d(2),
  nn.Conv2d(16, 32, 3),
  nn.Flatten(),
  nn.Linear(32 * 12 * 12, 10),
);
const optimizer = optim.SGD([...net.parameters()], { lr: 0.05 });
const [x, y] = [rand(16, 1, 28, 28), randint(0, 10, [16])];
const losses: number[] = [];
for (let step = 0; step < 3; step++) {
  const loss = nn.functional.crossEntropy(net(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  losses.push(await loss.item());
}
const bfloat16 = await isBf16Supported();
console.log(JSON.stringify({ first, engine: engineName(), information: engineInfo(), bfloat16, losses }));
await stopEngine();

function hideKoffi(): void {
  const loader = Module as unknown as { _resolveFilename(name: string, ...rest: unknown[]): string };
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (name, ...rest) => {
    if (name !== "koffi") return resolve.call(loader, name, ...rest);
    throw Object.assign(new Error("Cannot find module 'koffi'"), { code: "MODULE_NOT_FOUND" });
  };
}
