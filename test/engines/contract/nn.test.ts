import { runTopic } from "./run_cases.ts";

for (const topic of [
  "activation",
  "convolution",
  "depthwise",
  "linear",
  "loss",
  "normalization",
  "padding",
  "pooling",
]) {
  runTopic(`nn_${topic}`);
}
