/** The code with which the editor opens: the network that was chosen, as a body that returns it. */
import { layerCall } from "../../code/layer_calls.ts";
import { checkNetwork } from "../../experiment/check.ts";
import type { Experiment, NetworkSource } from "../../experiment/experiment.ts";

export function firstCode(experiment: Experiment, network: NetworkSource): string {
  const layers = checkNetwork(experiment, network)?.layers ?? [];
  const plain = layers.length > 0 && layers.every(({ type }) => type !== "Inception");
  const rows = plain ? layers.map((layer) => `  ${layerCall(layer, "typescript")},`) : SMALL;
  return [
    "// nn, models: the library. classes, channels, size: of the data.",
    "return nn.Sequential(",
    ...rows,
    ");",
    "",
  ].join("\n");
}

const SMALL = [
  "  nn.Conv2d(channels, 16, 3, { padding: 1 }),",
  "  nn.ReLU(),",
  "  nn.AdaptiveAvgPool2d(1),",
  "  nn.Flatten(),",
  "  nn.Linear(16, classes),",
];
