/** Whether a process of this machine still runs, of this user or of another; one that has ended and is not waited for does not. */
export function processRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return !isZombie(pid);
}

/** Linux tells; elsewhere nothing does without a program of its own. */
function isZombie(pid: number): boolean {
  try {
    const status = process.getBuiltinModule("node:fs").readFileSync(`/proc/${pid}/status`, "utf8");
    return /^State:\s*Z/m.test(status);
  } catch {
    return false;
  }
}
