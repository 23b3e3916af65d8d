import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Vendor } from "../../src/distributed/mpi/mpi_abi.ts";
import { isMissing, runAlone, runRanks } from "./ranks.ts";

/** Rank 1 does something fatal while the others wait for it. */
const fatal = (what: string) => `
const { rank } = await distributed.init({ timeout: 3 });
process.on("exit", (code) => tell(code));
if (rank === 1) {
  setTimeout(() => { ${what} }, 200);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}
await distributed.barrier();
`;

/** By whom, what happens, what rank 0 says. */
const CASES: readonly (readonly [Vendor, string, string, RegExp])[] = [
  [
    "openmpi",
    "is killed",
    'process.kill(process.pid, "SIGKILL")',
    /rank 1 \(process \d+ on .*\) was lost: its process has ended/,
  ],
  ["openmpi", "ends early", "process.exit(3)", /rank 1 has ended with exit code 3|rank 1 .* was lost/],
  [
    "mpich",
    "is killed",
    'process.kill(process.pid, "SIGKILL")',
    /rank 1 \(process \d+ on .*\) was lost: its process has ended/,
  ],
  [
    "mpich",
    "is stopped",
    'process.kill(process.pid, "SIGSTOP")',
    /rank 1 \(process \d+ on .*\) has stopped answering/,
  ],
  ["mpich", "throws", 'throw new Error("gone")', /rank 1 has ended by an error: gone/],
];

for (const [vendor, what, body, sentence] of CASES) {
  test(`${vendor}: a rank ${what}, the other ends with 1 and says so`, {
    skip: isMissing(vendor),
  }, async () => {
    const { told, stderr } = await runRanks(vendor, 2, fatal(body));
    assert.equal(told[0], 1, stderr);
    assert.match(stderr, sentence);
  });
}

test("mpich: the lost rank is named, too, if the launcher ends all others at once", {
  skip: isMissing("mpich"),
}, async () => {
  // It looks at its ranks when one of them prints something.
  const body = `setInterval(() => console.log("at work"), 20); ${fatal('process.kill(process.pid, "SIGKILL")')}`;
  const { code, stderr } = await runRanks("mpich", 2, body);
  assert.notEqual(code, 0);
  assert.match(stderr, /DistributedError: rank 1 \(process \d+ on .*\) was lost: its process has ended/);
  assert.doesNotMatch(stderr, /rank 0 .* was lost/);
});

describe("libraries", () => {
  test("an MPI of another vendor than mpirun's is told", {
    skip: isMissing("openmpi") || isMissing("mpich"),
  }, async () => {
    const { code, stderr } = await runRanks("openmpi", 2, "await distributed.init();", {
      env: { CONVOYANT_MPI: "libmpich.so.12" },
    });
    assert.notEqual(code, 0);
    assert.match(stderr, /was started by the mpirun of Open MPI, but libmpich\.so\.12 is MPICH/);
  });

  test("no MPI: one error with the command that installs it", async () => {
    const { code, stderr } = await runAlone("await distributed.init();", {
      env: { OMPI_COMM_WORLD_SIZE: "2", OMPI_COMM_WORLD_RANK: "0", CONVOYANT_MPI: "/nowhere/libmpi.so.40" },
    });
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /DistributedError: CONVOYANT_MPI names \/nowhere\/libmpi\.so\.40, which cannot be loaded/,
    );
  });
});
