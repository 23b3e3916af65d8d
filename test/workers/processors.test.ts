/** Processors by a container's quota, over files as Linux has them. */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { processorQuota, processorsWithin } from "../../src/workers/processor_quota.ts";
import { processors, quotaOfContainer } from "../../src/workers/processors.ts";

const quotaOf = (files: Record<string, string>) => processorQuota((path) => files[path] ?? null);
const NONE = Number.POSITIVE_INFINITY;
const V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1 =
  "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n" +
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
  "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

test("version 2: a container with a namespace of its own", () => {
  const files = { "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": V2 };
  assert.equal(quotaOf({ ...files, "/sys/fs/cgroup/cpu.max": "100000 100000\n" }), 1);
  assert.equal(quotaOf({ ...files, "/sys/fs/cgroup/cpu.max": "150000 100000\n" }), 1.5);
  assert.equal(quotaOf({ ...files, "/sys/fs/cgroup/cpu.max": "max 100000\n" }), NONE);
  assert.equal(quotaOf(files), NONE);
});

test("version 2: the least quota of a group and those above it counts", () => {
  const files = {
    "/proc/self/cgroup": "0::/user.slice/session/app.scope\n",
    "/proc/self/mountinfo": V2,
    "/sys/fs/cgroup/user.slice/session/app.scope/cpu.max": "max 100000",
    "/sys/fs/cgroup/user.slice/session/cpu.max": "400000 100000",
  };
  assert.equal(quotaOf(files), 4);
  assert.equal(quotaOf({ ...files, "/sys/fs/cgroup/user.slice/cpu.max": "100000 50000" }), 2);
  assert.equal(
    quotaOf({ ...files, "/sys/fs/cgroup/user.slice/session/app.scope/cpu.max": "50000 100000" }),
    0.5,
  );
});

test("version 1: the cpu controller's group", () => {
  const files = {
    "/proc/self/cgroup":
      "4:memory:/docker/abc\n3:cpuset:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n",
    "/proc/self/mountinfo": V1,
    "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "200000\n",
    "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/memory/docker/abc/cpu.cfs_quota_us": "1\n",
  };
  assert.equal(quotaOf(files), 2);
  assert.equal(quotaOf({ ...files, "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "-1\n" }), NONE);
  assert.equal(
    quotaOf({
      ...files,
      "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us": "50000",
      "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us": "50000",
    }),
    1,
  );
});

test("version 1 without a namespace: the mount shows the container's group", () => {
  const files = {
    "/proc/self/cgroup": "2:cpu,cpuacct:/docker/abc\n",
    "/proc/self/mountinfo": V1.replace("0:29 / ", "0:29 /docker/abc "),
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
  };
  assert.equal(quotaOf(files), 3);
});

test("both versions at once, and a mount point with a space", () => {
  const files = {
    "/proc/self/cgroup": "2:cpu:/a\n0::/b\n",
    "/proc/self/mountinfo":
      "32 31 0:29 / /groups/my\\040cpu rw - cgroup cgroup rw,cpu\n33 31 0:30 / /groups/unified rw - cgroup2 cgroup2 rw\n",
    "/groups/my cpu/a/cpu.cfs_quota_us": "200000",
    "/groups/my cpu/a/cpu.cfs_period_us": "100000",
  };
  assert.equal(quotaOf(files), 2);
  assert.equal(quotaOf({ ...files, "/groups/unified/b/cpu.max": "90000 100000" }), 0.9);
});

test("files that say nothing sensible set no quota", () => {
  for (const text of ["", "nonsense", "0 0", "-5 100000", "max"]) {
    const files = {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": V2,
      "/sys/fs/cgroup/cpu.max": text,
    };
    assert.equal(quotaOf(files), NONE, JSON.stringify(text));
  }
  assert.equal(quotaOf({}), NONE);
  assert.equal(quotaOf({ "/proc/self/cgroup": "x\n::\n", "/proc/self/mountinfo": "a b c\n\n - \n" }), NONE);
});

test("whole processors of a quota", () => {
  const of = (quota: number, available = 8) => processorsWithin(available, quota);
  assert.deepEqual(
    [0.1, 0.5, 1, 1.1, 1.5, 2, 2.3, 7.9, NONE].map((q) => of(q)),
    [1, 1, 1, 1, 2, 2, 3, 8, 8],
  );
  assert.equal(of(4, 2), 2);
});

test("here", () => {
  assert.equal(processors(), processorsWithin(availableParallelism(), quotaOfContainer()));
});
