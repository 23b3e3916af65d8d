/** A program that runs a convolution on the onednn engine and then ends in the way that it is told. */
import * as convoyant from "../../src/index.ts";

const way = process.argv[2];
await convoyant.useEngine("onednn", { threads: 2 });
const x = convoyant.rand(8, 16, 16, 16);
const weight = convoyant.rand(32, 16, 3, 3);
const y = convoyant.nn.functional.conv2d(x, weight);
await y.sum().item();
if (way === "stop" || way === "again") await convoyant.stopEngine();
if (way === "again") {
  await convoyant.useEngine("onednn", { threads: 2 });
  await convoyant.nn.functional.conv2d(x, weight).sum().item();
}
if (way === "code") process.exit(7);
if (way === "throw") throw new Error("on purpose");
if (way === "wait") {
  console.log("waiting");
  setInterval(() => convoyant.nn.functional.conv2d(x, weight).sum().item(), 5);
}
