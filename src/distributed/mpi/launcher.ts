/** By what this process was started: `mpirun` and `srun` say so in the environment of each rank. */
import type { Vendor } from "./mpi_abi.ts";

/** A launcher of ranks. */
export interface Launcher {
  /** Whose ranks it starts. */
  readonly vendor: Vendor;
  /** Ranks that it has started. */
  readonly size: number;
  readonly rank: number;
  /** Ranks on this machine; null if it does not say. */
  readonly localSize: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The launcher that has started this process as one of its ranks; null if none has. */
export function launcherOf(env: Environment): Launcher | null {
  const found = (vendor: Vendor, size: string, rank: string, local: string): Launcher | null => {
    const [ranks, own] = [numberIn(env, size), numberIn(env, rank)];
    if (ranks === null || own === null) return null;
    return { vendor, size: ranks, rank: own, localSize: numberIn(env, local) ?? slurmTasksHere(env) };
  };
  return (
    found("openmpi", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE") ??
    // Before Slurm's own: MPICH's mpirun starts one task of Slurm on each machine, and the ranks below it.
    found("mpich", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS") ??
    (env.PMIX_RANK === undefined ? null : found("openmpi", "SLURM_STEP_NUM_TASKS", "PMIX_RANK", ""))
  );
}

/**
 * Tasks that `srun` has started without saying how they reach each other (`--mpi`): each would be a world of its own. Null
 * if it has not; a batch script itself is not such a task.
 */
export function tasksWithoutMpi(env: Environment): number | null {
  const tasks = numberIn(env, "SLURM_STEP_NUM_TASKS");
  return tasks !== null && tasks > 1 && launcherOf(env) === null ? tasks : null;
}

function numberIn(env: Environment, name: string): number | null {
  const text = env[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

/** "2(x4)" is 2 on each of 4 machines. */
function slurmTasksHere(env: Environment): number | null {
  const tasks = Number.parseInt(env.SLURM_STEP_TASKS_PER_NODE ?? "", 10);
  return Number.isInteger(tasks) ? tasks : null;
}
