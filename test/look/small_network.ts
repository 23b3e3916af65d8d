/** The small network of the fixtures: a ReLU that writes over its input, and is called twice. */
import { nn } from "../../src/index.ts";
import { fillPatterned } from "./patterned_network.ts";

export function smallNetwork(): nn.Sequential {
  const relu = nn.ReLU({ inplace: true });
  const net = nn.Sequential(
    nn.Conv2d(3, 8, 3, { padding: 1 }),
    nn.BatchNorm2d(8),
    relu,
    nn.MaxPool2d(2),
    nn.Conv2d(8, 12, 3),
    relu,
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(108, 5),
  );
  return fillPatterned(net);
}
