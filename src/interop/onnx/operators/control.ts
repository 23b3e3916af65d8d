/** Nodes that hold graphs. */
import type { OnnxOperator } from "../operator.ts";

/** Its branches are built where the whole network is known, and run there: see `build_nodes.ts`. */
const choice: OnnxOperator = {
  limits: "with a condition that follows from shapes; weights inside are not trained",
  build: () => () => [],
};

export const CONTROL: Readonly<Record<string, OnnxOperator>> = { If: choice };
