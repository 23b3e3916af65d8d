/** The drawing of a network that need not be prepared. */

import { models, type nn } from "convoyant";
import { checkBlocks, sourceBlocks } from "../experiment/check.ts";
import { drawingOf } from "./network_facts.ts";
import type { RunCode } from "./networks.ts";
import { LabError } from "./problem.ts";
import type { Calls } from "./protocol.ts";

type Input = Calls["draw"]["input"];

/** @throws LabError "bad network" or "bad code". */
export async function drawNetwork(input: Input, runCode: RunCode): Promise<Calls["draw"]["output"]> {
  const net = await networkOf(input, runCode);
  return { svg: await drawingOf(net, input.shape, input) };
}

async function networkOf({ network, shape, classes }: Input, runCode: RunCode): Promise<nn.Module> {
  if (network.kind === "code")
    return runCode(network.code, { classes, channels: shape[0], size: network.size });
  const blocks = sourceBlocks(network, classes) ?? [];
  const { layers, problem } = checkBlocks(blocks, shape, classes);
  // A network that is being built is drawn up to its first mistake.
  if (layers.length === 0)
    throw new LabError("bad network", problem?.message ?? "the network has no blocks", { block: 0 });
  return models.sequential(layers);
}
