import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { TreeSum } from "../../src/distributed/training/gradient_tree.ts";
import { rangeOfRank, rangeOfShard, shardsOfRank } from "../../src/distributed/training/shards.ts";
import { models } from "../../src/index.ts";

test("shards cover a batch in order, the last is never empty, and none has one example beside others", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1, 2, 4, 8, 16), (examples, shards) => {
      const ranges = Array.from({ length: shards }, (_, i) => rangeOfShard(examples, i, shards));
      const sizes = ranges.map(([from, to]) => to - from);
      assert.equal(
        sizes.reduce((a, b) => a + b),
        examples,
      );
      let end = 0;
      for (const [from, to] of ranges.filter(([a, b]) => b > a)) {
        assert.equal(from, end);
        end = to;
      }
      assert.ok(sizes[shards - 1] > 0);
      if (examples > 1) assert.ok(sizes.every((size) => size !== 1));
    }),
  );
});

test("ranks have neighbouring shards, the same for any number of ranks", () => {
  for (const worldSize of [1, 2, 4, 8]) {
    const cuts = Array.from({ length: worldSize }, (_, rank) => ({ shards: 8, rank, worldSize }));
    assert.deepEqual(cuts.flatMap(shardsOfRank), [0, 1, 2, 3, 4, 5, 6, 7]);
    for (const examples of [1, 3, 9, 64, 67]) {
      const ranges = cuts.map((cut) => rangeOfRank(examples, cut));
      assert.equal(
        ranges.reduce((sum, [from, to]) => sum + to - from, 0),
        examples,
      );
    }
  }
});

test("sums are a binary tree, whether a rank has all leaves or ranks have some each", () => {
  const treeOf = (leaves: readonly string[]) => {
    const tree = new TreeSum<string>((a, b) => `(${a}+${b})`);
    for (const leaf of leaves) tree.push(leaf);
    assert.equal(tree.waiting.length, 1);
    return tree.waiting[0];
  };
  const leaves = ["0", "1", "2", "3", "4", "5", "6", "7"];
  assert.equal(treeOf(leaves), "(((0+1)+(2+3))+((4+5)+(6+7)))");
  assert.equal(treeOf([treeOf(leaves.slice(0, 4)), treeOf(leaves.slice(4))]), treeOf(leaves));
});

test("docs/distributed.md says how many bytes a step sends", () => {
  const text = readFileSync(new URL("../../../docs/distributed.md", import.meta.url), "utf8");
  for (const [name, digits] of [
    ["AlexNet", 3],
    ["GoogLeNet", 2],
    ["NiN", 1],
    ["LeNet", 2],
  ] as const) {
    const net = models.create(name.toLowerCase());
    const weights = [...net.parameters()].reduce((sum, parameter) => sum + parameter.numel(), 0);
    const [, count, megabytes] = new RegExp(`\\| ${name} \\| ([\\d,]+) \\| ([\\d.]+) MB`).exec(text) ?? [];
    assert.equal(count, weights.toLocaleString("en"), name);
    assert.equal(Number(megabytes), Number(((4 * weights) / 1e6).toPrecision(digits)), name);
  }
});
