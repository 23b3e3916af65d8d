/**
 * Two "machines" on this one: network namespaces with a virtual cable of 1 Gbit/s between them, for Open MPI over TCP. Root
 * alone can make them. Only addresses that are made here are used.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NETWORK = "10.231.77";

export class VirtualMachines {
  /** Their names; the second has it as its host name, too. */
  readonly first: string;
  readonly second: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "convoyant-machines-"));

  private constructor(id: string) {
    [this.first, this.second] = [`${id}a`, `${id}b`];
  }

  /** @returns why there can be none, if so. */
  static make(): VirtualMachines | string {
    if (process.getuid?.() !== 0) return "network namespaces need root";
    for (const tool of ["ip", "tc", "unshare", "mpirun.openmpi"])
      if (shell(`command -v ${tool}`) !== null) return `${tool} is missing`;
    const machines = new VirtualMachines(`cvt${process.pid % 100_000}`);
    const problem = machines.#connect();
    if (problem === null) return machines;
    machines.remove();
    return `network namespaces cannot be made here: ${problem}`;
  }

  #connect(): string | null {
    const { first, second } = this;
    const problem = shell(`ip netns add ${first} && ip netns add ${second} &&
      ip link add ${first} type veth peer name ${second} &&
      ip link set ${first} netns ${first} && ip link set ${second} netns ${second} &&
      ip -n ${first} addr add ${NETWORK}.1/24 dev ${first} && ip -n ${second} addr add ${NETWORK}.2/24 dev ${second}`);
    if (problem !== null) return problem;
    for (const name of [first, second]) {
      const up = shell(`ip -n ${name} link set lo up && ip -n ${name} link set ${name} up`);
      if (up !== null) return up;
      const shaped = (how: string) => shell(`tc -n ${name} qdisc add dev ${name} root ${how}`);
      // Not every kernel has netem; the rate alone then.
      const slow = shaped("netem rate 1gbit delay 0.2ms") && shaped("tbf rate 1gbit burst 128k latency 5ms");
      if (slow !== null) return slow;
    }
    const agent = `ip netns exec ${second} unshare --uts sh -c 'hostname ${second}; exec sh -c "$0"' "$*"`;
    writeFileSync(this.#agent, `#!/bin/sh\nshift\nexec ${agent}\n`);
    chmodSync(this.#agent, 0o755);
    return null;
  }

  /** What mpirun calls in the place of ssh. */
  get #agent(): string {
    return join(this.#folder, "agent.sh");
  }

  /** A command line that runs a program as two ranks, one on each machine. */
  ranks(command: readonly string[]): { readonly program: string; readonly args: readonly string[] } {
    const only = `${NETWORK}.0/24`;
    const settings = {
      plm_rsh_agent: this.#agent,
      btl: "tcp,self",
      btl_tcp_if_include: only,
      oob_tcp_if_include: only,
    };
    const args = [
      ...["netns", "exec", this.first],
      ...["mpirun.openmpi", "--allow-run-as-root", "-n", "2", "--bind-to", "none"],
      ...["--host", `${NETWORK}.1:1,${NETWORK}.2:1`],
      ...Object.entries(settings).flatMap(([name, value]) => ["--mca", name, value]),
      ...command,
    ];
    return { program: "ip", args };
  }

  remove(): void {
    for (const name of [this.first, this.second]) shell(`ip netns del ${name}`);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Runs a command line of the shell; its error text, or null. */
function shell(line: string): string | null {
  const { status, stderr, error } = spawnSync("sh", ["-c", line], { encoding: "utf8" });
  return status === 0 ? null : (error?.message ?? (stderr.trim() || "it failed"));
}
