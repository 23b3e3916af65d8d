import { runTopic } from "./run_cases.ts";

for (const topic of ["activation", "convolution", "linear", "loss", "normalization", "padding", "pooling"]) {
  runTopic(`nn_${topic}`);
}
