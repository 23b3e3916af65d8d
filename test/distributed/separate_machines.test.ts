/** Ranks on two "machines": network namespaces with a virtual cable of 1 Gbit/s between them, Open MPI over TCP. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { VirtualMachines } from "../../src/experiments/bench/distributed/virtual_machines.ts";
import { NETWORKS } from "./networks.ts";
import { isMissing, programOf, runAlone, runProgram } from "./ranks.ts";

const machines = isMissing("openmpi") || VirtualMachines.make();
const skip = typeof machines === "string" && machines;
after(() => {
  if (typeof machines !== "string") machines.remove();
});

const PROGRAM = `${NETWORKS}
await distributed.init({ timeout: 60 });
await useEngine("wasm", { threads: 1 });
const { net, ...options } = setUp("bnLenet");
await train.fit(net, { ...options, epochs: 1, progress: false });
const { hostname } = process.getBuiltinModule("node:os");
tell([hostname(), await hashOf(net)]);
`;

test("two machines end in the bits of one process", { skip }, async () => {
  const { second } = machines as VirtualMachines;
  const { program, args } = (machines as VirtualMachines).ranks([process.execPath, programOf(PROGRAM)]);
  const { code, told, stderr } = await runProgram(program, args);
  assert.equal(code, 0, stderr);
  const [one, other] = told;
  assert.equal(other[0], second);
  assert.notEqual(one[0], second);
  const alone = await runAlone(PROGRAM);
  assert.equal(one[1], alone.told[0][1], alone.stderr);
  assert.equal(other[1], one[1]);
});
