/**
 * Ranks on two "machines": network namespaces with a virtual cable of 1 Gbit/s and 0.2 ms between them, Open MPI over TCP.
 * Only addresses that are made here are used.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { NETWORKS } from "./networks.ts";
import { isMissing, programOf, runAlone, runProgram, temporaryFolder } from "./ranks.ts";

const id = `cvt${process.pid % 100_000}`;
const [first, second] = [`${id}a`, `${id}b`];
const network = "10.231.77";

/** Runs a command line of the shell as root; its error text, or null. */
function shell(line: string): string | null {
  const { status, stderr, error } = spawnSync("sh", ["-c", line], { encoding: "utf8" });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** Two namespaces and a cable; says why there can be none. */
function makeMachines(): string | null {
  const cable = `ip netns add ${first} && ip netns add ${second} &&
    ip link add ${first} type veth peer name ${second} &&
    ip link set ${first} netns ${first} && ip link set ${second} netns ${second} &&
    ip -n ${first} addr add ${network}.1/24 dev ${first} && ip -n ${second} addr add ${network}.2/24 dev ${second}`;
  const problem = shell(cable);
  if (problem !== null) return `network namespaces cannot be made here: ${problem}`;
  for (const name of [first, second]) {
    const shape = (how: string) => shell(`tc -n ${name} qdisc add dev ${name} root ${how}`);
    const up = shell(`ip -n ${name} link set lo up && ip -n ${name} link set ${name} up`);
    if (up !== null) return up;
    // Not every kernel has netem; the rate alone then.
    if (shape("netem rate 1gbit delay 0.2ms") !== null) shape("tbf rate 1gbit burst 128k latency 5ms");
  }
  return null;
}

function skipReason(): string | false {
  if (isMissing("openmpi")) return isMissing("openmpi");
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (shell("command -v ip && command -v tc && command -v unshare") !== null)
    return "ip, tc or unshare is missing";
  return makeMachines() ?? false;
}

const skip = skipReason();
after(() => {
  for (const name of [first, second]) shell(`ip netns del ${name}`);
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
  const agent = join(temporaryFolder, "agent.sh");
  const inside = `ip netns exec ${second} unshare --uts sh -c 'hostname ${second}; exec sh -c "$0"' "$*"`;
  writeFileSync(agent, `#!/bin/sh\nshift\nexec ${inside}\n`);
  chmodSync(agent, 0o755);
  const only = `${network}.0/24`;
  const settings = {
    plm_rsh_agent: agent,
    btl: "tcp,self",
    btl_tcp_if_include: only,
    oob_tcp_if_include: only,
  };
  const { code, told, stderr } = await runProgram("ip", [
    ...["netns", "exec", first, "mpirun.openmpi", "--allow-run-as-root", "-n", "2", "--bind-to", "none"],
    ...["--host", `${network}.1:1,${network}.2:1`],
    ...Object.entries(settings).flatMap(([name, value]) => ["--mca", name, value]),
    ...[process.execPath, programOf(PROGRAM)],
  ]);
  assert.equal(code, 0, stderr);
  const [one, other] = told;
  assert.equal(other[0], second);
  assert.notEqual(one[0], second);
  const alone = await runAlone(PROGRAM);
  assert.equal(one[1], alone.told[0][1], alone.stderr);
  assert.equal(other[1], one[1]);
});
