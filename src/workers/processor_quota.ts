/**
 * The share of processor time that a container may use (a quota of its control group, on Linux), in processors.
 *
 * A group's quota is in `cpu.max` (version 2: "quota period", or "max"), or in `cpu.cfs_quota_us` and
 * `cpu.cfs_period_us` (version 1: -1 for none). Every group above it counts too.
 *
 * Sources: Linux kernel, Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst; cgroups(7);
 * proc_pid_mountinfo(5).
 */

/** A file's text; null if it cannot be read. */
export type ReadText = (path: string) => string | null;

interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly mount: string;
  /** The group that is seen there. */
  readonly root: string;
}

/** Processors' worth of time; infinite without a quota. */
export function processorQuota(read: ReadText): number {
  const groups = groupsOfProcess(read("/proc/self/cgroup") ?? "");
  let least = Number.POSITIVE_INFINITY;
  for (const hierarchy of hierarchies(read("/proc/self/mountinfo") ?? "")) {
    const group = groups[hierarchy.version];
    if (group === null) continue;
    const below = withinRoot(group, hierarchy.root);
    for (let path = below; ; path = path.slice(0, path.lastIndexOf("/"))) {
      least = Math.min(least, quotaAt(`${hierarchy.mount}${path}`, hierarchy.version, read));
      if (path === "") break;
    }
  }
  return least;
}

/** Whole processors: what is over counts as one more from a quarter on. */
export function processorsWithin(available: number, quota: number): number {
  return Math.max(1, Math.min(available, Math.ceil(quota - 0.25)));
}

/** The process's group in version 2, and in version 1's hierarchy of the `cpu` controller. */
function groupsOfProcess(text: string): Record<1 | 2, string | null> {
  const groups: Record<1 | 2, string | null> = { 1: null, 2: null };
  for (const line of text.split("\n")) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (id === "0" && controllers === "") groups[2] = path;
    else if (controllers.split(",").includes("cpu")) groups[1] = path;
  }
  return groups;
}

/** Lines "36 35 98:0 /root /mount options ... - type source super,options". */
function hierarchies(text: string): Hierarchy[] {
  return text.split("\n").flatMap((line): Hierarchy[] => {
    const [before, after] = line.split(" - ");
    const [, , , root, mount] = before.split(" ").map(unescaped);
    const [type, , options = ""] = (after ?? "").split(" ");
    if (mount === undefined) return [];
    if (type === "cgroup2") return [{ version: 2, mount, root }];
    return type === "cgroup" && options.split(",").includes("cpu") ? [{ version: 1, mount, root }] : [];
  });
}

/** Spaces and the like are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** A group's path below the one that is mounted: "" for that itself, and for groups outside of it. */
function withinRoot(group: string, root: string): string {
  const base = root === "/" ? "" : root;
  const inside = group === base || group.startsWith(`${base}/`);
  return inside ? group.slice(base.length).replace(/\/+$/, "") : "";
}

function quotaAt(folder: string, version: 1 | 2, read: ReadText): number {
  const [quota, period] =
    version === 2
      ? (read(`${folder}/cpu.max`) ?? "max").trim().split(/\s+/)
      : [read(`${folder}/cpu.cfs_quota_us`) ?? "-1", read(`${folder}/cpu.cfs_period_us`) ?? "100000"];
  const [time, of] = [Number(quota), Number(period ?? 100_000)];
  return time > 0 && of > 0 ? time / of : Number.POSITIVE_INFINITY;
}
