import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMissing, runAlone, runRanks, VENDORS } from "./ranks.ts";

/** Every collective on several dtypes, and a sum large enough to be halved. */
const COLLECTIVES = `
const { rank, worldSize, library } = await distributed.init();
const x = tensor([rank + 1, 0.5]);
const same = (await distributed.allReduce(x)) === x;
const list = (value) => value.tolist();
const average = await distributed.allReduce(tensor([rank, 2 * rank], { dtype: "float64" }), "avg");
const most = await distributed.allReduce(tensor([rank, -rank], { dtype: "int64" }), "max");
const any = await distributed.allReduce(tensor([rank === 1, false]), "max");
const half = await distributed.allReduce(tensor([rank + 0.5], { dtype: "bfloat16" }));
const last = await distributed.broadcast(tensor([[rank * 10]]), { src: worldSize - 1 });
const all = await distributed.allGather(tensor(rank, { dtype: "int32" }));
const large = await distributed.allReduce(convoyant.full([30001], 1 / (3 + rank)));
await distributed.barrier();
tell({
  same, library, x: await list(x), average: await list(average), most: await list(most), any: await list(any),
  half: await list(half), last: await list(last), all: await Promise.all(all.map(list)),
  large: [await large.max().item(), await large.min().item()],
  isLeast: await (await distributed.allReduce(tensor([rank + 5]), { op: "min" })).item(),
});
await distributed.finalize();
`;

/** What float32 makes of the sum of 1 / (3 + rank) in a binary tree, neighbours first. */
function treeSum(ranks: number): number {
  let sums = Array.from({ length: ranks }, (_, i) => Math.fround(1 / (3 + i)));
  while (sums.length > 1)
    sums = sums.flatMap((sum, i) => (i % 2 === 0 ? [Math.fround(sum + sums[i + 1])] : []));
  return sums[0];
}

for (const vendor of VENDORS) {
  describe(vendor, { skip: isMissing(vendor) }, () => {
    for (const ranks of vendor === "openmpi" ? [2, 4] : [2]) {
      test(`${ranks} ranks: sums, averages, extremes, copies`, async () => {
        const { code, told, stderr } = await runRanks(vendor, ranks, COLLECTIVES);
        assert.equal(code, 0, stderr);
        assert.equal(told.length, ranks);
        const mean = (ranks - 1) / 2;
        for (const one of told) {
          assert.match(one.library, vendor === "openmpi" ? /^Open MPI [45]/ : /^MPICH \d/);
          assert.equal(one.same, true);
          assert.deepEqual(one.x, [(ranks * (ranks + 1)) / 2, ranks / 2]);
          assert.deepEqual(one.average, [mean, 2 * mean]);
          assert.deepEqual(one.most, [ranks - 1, 0]);
          assert.deepEqual(one.any, [true, false]);
          assert.deepEqual(one.half, [ranks * ranks * 0.5]);
          assert.deepEqual(one.last, [[10 * (ranks - 1)]]);
          assert.deepEqual(
            one.all,
            Array.from({ length: ranks }, (_, i) => i),
          );
          assert.deepEqual(one.large, [treeSum(ranks), treeSum(ranks)]);
          assert.equal(one.isLeast, 5);
        }
      });
    }

    test("3 ranks, no power of two: the library's own sums", async () => {
      const { code, told, stderr } = await runRanks(vendor, 3, COLLECTIVES);
      assert.equal(code, 0, stderr);
      assert.deepEqual(told[2].x, [6, 1.5]);
      assert.equal(told[0].large[0], told[2].large[0]);
    });

    test("ranks that do not do the same are told so, and do not wait", {
      skip: vendor === "mpich" && "as with Open MPI",
    }, async () => {
      const { code, stderr } = await runRanks(
        vendor,
        2,
        `const { rank } = await distributed.init();
         await distributed.allReduce(convoyant.zeros(rank === 0 ? [2, 3] : [3, 2]));`,
      );
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /rank 0 calls allReduce of float32 \[2, 3\] sum, rank 1 calls allReduce of float32 \[3, 2\] sum/,
      );
    });
  });
}

test("a process that was started alone is a world of one rank", async () => {
  const { code, told, stderr } = await runAlone(`
    const { rank, worldSize, library } = await distributed.init();
    const x = await distributed.allReduce(tensor([1, 2]), "avg");
    const [own] = await distributed.allGather(x);
    await distributed.barrier();
    tell([rank, worldSize, library, await own.tolist(), await (await distributed.broadcast(x)).tolist()]);
    await distributed.finalize();
  `);
  assert.equal(code, 0, stderr);
  assert.deepEqual(told[0], [0, 1, null, [1, 2], [1, 2]]);
});

test("without init, and with bad arguments, the error says what to do", async () => {
  const { code, told, stderr } = await runAlone(`
    const said = async (body) => { try { await body(); return ""; } catch (e) { return e.name + ": " + e.message; } };
    const before = await said(() => distributed.allReduce(tensor([1])));
    await distributed.init({ timeout: 20 });
    tell([
      before,
      await said(() => distributed.allReduce(tensor([1]), "median")),
      await said(() => distributed.allReduce(tensor([true]))),
      await said(() => distributed.broadcast(tensor([1]), 1)),
      await said(() => distributed.allGather(3)),
      await said(() => distributed.init({ timeOut: 3 })),
    ]);
  `);
  assert.equal(code, 0, stderr);
  const [noWorld, op, bools, src, notTensor, option] = told[0];
  assert.match(noWorld, /^DistributedError: allReduce: .*distributed\.init\(\)/);
  assert.match(op, /^ArgumentError: allReduce: expected `op` to be "sum", "avg"/);
  assert.match(bools, /^DTypeError: allReduce: .*bool/);
  assert.match(src, /^ArgumentError: broadcast: expected `src` to be a rank from 0 to 0, got 1/);
  assert.match(notTensor, /^ArgumentError: allGather: expected `tensor` to be a Tensor, got 3/);
  assert.match(option, /^ArgumentError: unknown option/);
});
