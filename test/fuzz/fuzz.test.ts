import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz, mutation } from "./fuzz.ts";
import { READERS } from "./readers.ts";

/** Mutations of all readers together; `run.ts` makes as many as one likes. */
const MUTATIONS = 10_000;

/** The most that all of them may add to the process. */
const MEGABYTES = 256;

for (const reader of READERS) {
  test(`${reader.name}: mutated files are read or refused with a FileError`, async () => {
    const before = process.resourceUsage().maxRSS;
    const count = Math.ceil(MUTATIONS / READERS.length);
    const { read } = await fuzz(reader, count);
    // Otherwise the mutations would be too coarse to reach what lies behind the first check.
    assert.ok(read > 0 && read < count, `${read} of ${count} were read`);
    const taken = (process.resourceUsage().maxRSS - before) / 1024;
    assert.ok(taken < MEGABYTES, `it took ${taken} MB`);
  });
}

test("a mutation is the same each time, and is not the file", () => {
  const files = [Uint8Array.from({ length: 64 }, (_, i) => i), new Uint8Array(16)];
  const all = Array.from({ length: 200 }, (_, i) => Buffer.from(mutation(files, 1, i)).toString("hex"));
  assert.deepEqual(
    all,
    Array.from({ length: 200 }, (_, i) => Buffer.from(mutation(files, 1, i)).toString("hex")),
  );
  assert.ok(new Set(all).size > 150);
  assert.deepEqual(
    Array.from(files[0]),
    Array.from({ length: 64 }, (_, i) => i),
  );
});

test("an error of another kind ends the fuzzing and names the mutation", async () => {
  const reader = {
    name: "broken",
    files: [new Uint8Array(8)],
    read: () => {
      throw new RangeError("out of bounds");
    },
  };
  await assert.rejects(fuzz(reader, 10, 3), /broken, seed 3, mutation 0: RangeError: out of bounds/);
});
