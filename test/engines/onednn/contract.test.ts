/** The calls that PyTorch recorded, with every step that oneDNN can compute given to it. */
import { test } from "node:test";
import { runTopic } from "../contract/run_cases.ts";
import { missingLibrary } from "./library.ts";

const TOPICS = [
  ...["pointwise", "comparison", "creation", "indexing", "linear_algebra", "ordering", "reduction", "shape"],
  ...["activation", "convolution", "depthwise", "linear", "loss", "normalization", "padding", "pooling"].map(
    (t) => `nn_${t}`,
  ),
];

process.env.CONVOYANT_ONEDNN = "everything";
const missing = missingLibrary();
if (missing === false) for (const topic of TOPICS) runTopic(topic, ["onednn"]);
else test("calls recorded from PyTorch, on onednn", { skip: missing }, () => {});
