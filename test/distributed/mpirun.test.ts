import assert from "node:assert/strict";
import { test } from "node:test";
import { launcherOf, tasksWithoutMpi } from "../../src/distributed/mpi/launcher.ts";
import { shortVersion } from "../../src/distributed/mpi/load_mpi.ts";
import { mpirunArguments } from "../../src/distributed/mpirun.ts";
import { ArgumentError } from "../../src/index.ts";

const started = { ranks: 4, hosts: [], command: ["node", "a.js"], processors: 4, root: false };

test("the arguments of either mpirun", () => {
  const line = (vendor: "openmpi" | "mpich", more: object = {}) =>
    mpirunArguments(vendor, { ...started, ...more }).join(" ");
  assert.equal(line("openmpi"), "-n 4 --bind-to none node a.js");
  assert.equal(
    line("openmpi", { processors: 2, root: true }),
    "-n 4 --bind-to none --oversubscribe --allow-run-as-root node a.js",
  );
  assert.equal(line("openmpi", { hosts: ["a", "b"] }), "-n 4 --host a:2,b:2 --bind-to none node a.js");
  assert.equal(line("mpich"), "-n 4 -bind-to none -disable-auto-cleanup node a.js");
  assert.equal(
    line("mpich", { hosts: ["a", "b"] }),
    "-n 4 -hosts a,b -ppn 2 -bind-to none -disable-auto-cleanup node a.js",
  );
  assert.throws(() => line("openmpi", { ranks: 3, hosts: ["a", "b"] }), ArgumentError);
});

test("the launcher is known by the environment of a rank", () => {
  assert.equal(launcherOf({}), null);
  assert.equal(launcherOf({ OMPI_COMM_WORLD_SIZE: "x", OMPI_COMM_WORLD_RANK: "1" }), null);
  const openMpi = { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_LOCAL_SIZE: "2" };
  assert.deepEqual(launcherOf(openMpi), { vendor: "openmpi", size: 4, rank: 1, localSize: 2 });
  assert.deepEqual(launcherOf({ PMI_SIZE: "2", PMI_RANK: "0", MPI_LOCALNRANKS: "2" }), {
    vendor: "mpich",
    size: 2,
    rank: 0,
    localSize: 2,
  });
  const slurm = { SLURM_STEP_NUM_TASKS: "8", SLURM_PROCID: "3", SLURM_STEP_TASKS_PER_NODE: "2(x4)" };
  assert.equal(launcherOf(slurm), null, "neither PMIx nor PMI2: a batch script");
  assert.deepEqual(launcherOf({ ...slurm, PMIX_RANK: "3" }), {
    vendor: "openmpi",
    size: 8,
    rank: 3,
    localSize: 2,
  });
  // As Slurm 22.05 sets it.
  const pmi = { ...slurm, PMI_RANK: "3", PMI_SIZE: "8", PMI_FD: "10" };
  assert.deepEqual(launcherOf(pmi), { vendor: "mpich", size: 8, rank: 3, localSize: 2 });
  // MPICH's mpirun inside of an allocation: one task for each machine, and ranks below it.
  const hydra = {
    ...{ SLURM_STEP_NUM_TASKS: "1", SLURM_PROCID: "0", SLURM_STEP_TASKS_PER_NODE: "1" },
    ...{ PMI_RANK: "1", PMI_SIZE: "2", MPI_LOCALNRANKS: "2" },
  };
  assert.deepEqual(launcherOf(hydra), { vendor: "mpich", size: 2, rank: 1, localSize: 2 });
});

test("srun without --mpi has started tasks that cannot reach each other", async () => {
  const slurm = { SLURM_STEP_NUM_TASKS: "2", SLURM_PROCID: "1" };
  assert.equal(tasksWithoutMpi(slurm), 2);
  assert.equal(tasksWithoutMpi({ ...slurm, PMI_RANK: "1", PMI_SIZE: "2" }), null);
  assert.equal(tasksWithoutMpi({ ...slurm, PMIX_RANK: "1" }), null);
  assert.equal(tasksWithoutMpi({ ...slurm, SLURM_STEP_NUM_TASKS: "1" }), null);
  assert.equal(tasksWithoutMpi({ SLURM_NTASKS: "2", SLURM_PROCID: "0" }), null, "a batch script");
});

test("a library's version in few words", () => {
  assert.equal(shortVersion("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4"), "Open MPI 4.1.4");
  assert.equal(shortVersion("MPICH Version:\t4.0.2\nMPICH Release date:\tApr 2022"), "MPICH 4.0.2");
});
