/** What a network would be, without training it. */
import { models, type nn } from "convoyant";
import { checkBlocks, sourceBlocks } from "../experiment/check.ts";
import { networkFacts } from "./network_facts.ts";
import { type RunCode, requireOutputs } from "./networks.ts";
import { LabError } from "./problem.ts";
import type { Calls } from "./protocol.ts";

type Input = Calls["check"]["input"];

/** @throws LabError "bad network" or "bad code". */
export async function checkNetworkSource(input: Input, runCode: RunCode): Promise<Calls["check"]["output"]> {
  const { network, shape, classes } = input;
  if (network.kind === "code") {
    const net = await runCode(network.code, { classes, channels: shape[0], size: network.size });
    requireOutputs(net, shape, classes);
    return networkFacts(net, shape);
  }
  const blocks = sourceBlocks(network, classes) ?? [];
  const { layers, problem } = checkBlocks(blocks, shape, classes);
  if (problem !== null) throw new LabError("bad network", problem.message, { block: problem.block });
  return networkFacts(models.sequential(layers) as nn.Module, shape);
}
