/** By what this process was started: `mpirun` and `srun` say so in the environment of each rank. */
import type { Vendor } from "./mpi_abi.ts";

/** A launcher of ranks. */
export interface Launcher {
  /** Whose it is; null for one that starts ranks of either (`srun`). */
  readonly vendor: Vendor | null;
  /** Ranks that it has started. */
  readonly size: number;
  readonly rank: number;
  /** Ranks on this machine; null if it does not say. */
  readonly localSize: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The launcher that has started this process as one of its ranks; null if none has. */
export function launcherOf(env: Environment): Launcher | null {
  const number = (name: string): number | null => {
    const text = env[name];
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
  };
  const found = (vendor: Vendor | null, size: string, rank: string, local: string): Launcher | null => {
    const [ranks, own] = [number(size), number(rank)];
    return ranks === null || own === null
      ? null
      : { vendor, size: ranks, rank: own, localSize: number(local) };
  };
  return (
    found("openmpi", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE") ??
    slurmOf(env, found) ??
    found("mpich", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS")
  );
}

/** `srun --mpi=pmix` starts ranks for Open MPI, `srun --mpi=pmi2` for MPICH; a batch script itself is not a rank. */
function slurmOf(
  env: Environment,
  found: (vendor: Vendor | null, size: string, rank: string, local: string) => Launcher | null,
): Launcher | null {
  if (env.SLURM_STEP_NUM_TASKS === undefined) return null;
  const vendor = env.PMIX_RANK !== undefined ? "openmpi" : env.PMI_RANK !== undefined ? "mpich" : null;
  if (vendor === null) return null;
  const launcher = found(vendor, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCAL_TASKS");
  const perNode = Number.parseInt(env.SLURM_STEP_TASKS_PER_NODE ?? "", 10);
  return launcher && { ...launcher, localSize: Number.isInteger(perNode) ? perNode : null };
}
