/** A network of code in Python. */
import { pythonNetwork } from "../code/python_network.ts";
import type { RunCode } from "./networks.ts";
import { LabError } from "./problem.ts";
import type { Calls } from "./protocol.ts";

/** @throws LabError "bad code", or "cannot export" if PyTorch has no counterpart of what the network does. */
export async function pythonOf(
  { network, shape, classes }: Calls["python"]["input"],
  runCode: RunCode,
): Promise<Calls["python"]["output"]> {
  if (network.kind !== "code")
    throw new LabError("failed", "networks without code are written as their layers");
  const net = await runCode(network.code, { classes, channels: shape[0], size: network.size });
  return { definition: pythonNetwork(net, shape) };
}
