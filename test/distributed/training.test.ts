import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { processRuns } from "../../src/base/running_process.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { NETWORKS } from "./networks.ts";
import { isMissing, runAlone, runRanks, temporaryFolder } from "./ranks.ts";

/** Steps of each network; more with CONVOYANT_TEST_RANK_STEPS, and then also on 8 ranks. */
const steps = Number(process.env.CONVOYANT_TEST_RANK_STEPS ?? 3);
const many = steps > 3;
const every = ["small", "lenet", "bnLenet", "googlenet", "syncInception", "syncGooglenet"];
/** What is trained by which engine: with few steps, each kind of network on one. */
const networks = [
  ["wasm", many ? every : ["small", "syncInception"]],
  ...(missingLibrary() === false ? [["onednn", many ? every : ["bnLenet"]]] : []),
];

// The gradients' norm is above the limit of clipGradNorm in every step, so that the weights depend on its bits.
const BITS = `${NETWORKS}
await distributed.init({ timeout: 60 });
const hashes = {};
for (const [engine, names] of ${JSON.stringify(networks)}) {
  await useEngine(engine, { threads: 1 });
  for (const name of names) {
    const { net, ...options } = setUp(name);
    const epochs = Math.ceil(${steps} / 3);
    const { points, test } = await train.fit(net, { ...options, epochs, clipGradNorm: 0.1, progress: false });
    const { trainLoss, trainAccuracy, testLoss } = points.at(-1);
    hashes[engine + " " + name] = [await hashOf(net), trainLoss, trainAccuracy, testLoss, test.accuracy];
  }
}
tell(hashes);
`;

describe("equal bits for any number of ranks", () => {
  let alone: unknown;
  before(async () => {
    const { told, stderr } = await runAlone(BITS);
    assert.equal(told.length, 1, stderr);
    alone = told[0];
  });

  const runs = [
    ["openmpi", 2],
    ["openmpi", 4],
    ["mpich", 2],
    ["mpich", 4],
    ...(many ? [["openmpi", 8] as const, ["mpich", 8] as const] : []),
  ] as const;
  for (const [vendor, ranks] of runs) {
    test(`weights, losses and tests: ${vendor}, ${ranks} ranks`, { skip: isMissing(vendor) }, async () => {
      const { code, told, stderr } = await runRanks(vendor, ranks, BITS);
      assert.equal(code, 0, stderr);
      assert.equal(told.length, ranks);
      for (const hashes of told) assert.deepEqual(hashes, alone);
    });
  }
});

describe("what ranks agree upon", { skip: isMissing("openmpi") }, () => {
  const folder = (name: string) => join(temporaryFolder, name);

  /** Trains a small network for two epochs, in a folder if there is one; `extra` is more of the options of fit. */
  const trained = (out: string | null, extra = "", beforeFit = "") => `${NETWORKS}
    const { rank } = await distributed.init({ timeout: 10 });
    await useEngine("wasm", { threads: 1 });
    const { net, ...options } = setUp("small");
    ${beforeFit}
    const { outcome, step } = await train.fit(net, {
      ...options, epochs: 2, progress: false, out: ${JSON.stringify(out)}, ${extra}
    });
    tell([outcome, step, await hashOf(net)]);
  `;
  const interrupting = `
    const controller = new AbortController();
    const stop = { onStep: ({ step }) => { if (rank === 1 && step === 2) controller.abort(); } };`;
  let whole: string;
  before(async () => {
    const { told, stderr } = await runAlone(trained(null));
    assert.equal(told.length, 1, stderr);
    whole = told[0][2];
  });

  test("one rank's interruption ends all at the same step; the run goes on with other numbers of ranks", async () => {
    const out = folder("interrupted");
    const options = "signal: controller.signal, callbacks: stop";
    const first = await runRanks("openmpi", 2, trained(out, options, interrupting));
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(first.told[0], first.told[1]);
    assert.equal(first.told[0][0], "interrupted");
    assert.ok(first.told[0][1] < 6);
    const rest = await runRanks("openmpi", 4, trained(out, "resume: true"));
    assert.equal(rest.code, 0, rest.stderr);
    for (const one of rest.told) assert.deepEqual(one, ["finished", 6, whole]);
  });

  test("a killed rank: the last checkpoint is whole, and goes on alone to the same bits", async () => {
    const out = folder("killed");
    const kill =
      'callbacks: { onStep: ({ step }) => rank === 1 && step === 2 && process.kill(process.pid, "SIGKILL") }';
    const first = await runRanks(
      "openmpi",
      2,
      trained(out, `checkpointSeconds: 0, ${kill}`, "tell(process.pid);"),
    );
    assert.notEqual(first.code, 0);
    // mpirun may end before the ranks that it ends.
    while (processRuns(first.told[0])) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(first.stderr, /rank 1 .* was lost/);
    assert.ok(existsSync(join(out, "config.json")));
    const rest = await runAlone(trained(out, "resume: true"));
    assert.deepEqual(rest.told[0], ["finished", 6, whole], rest.stderr);
  });

  test("batches of unequal number never hang: the epoch ends with the first rank's", async () => {
    const unequal = `
      const batches = Array.from({ length: 2 + rank }, () => [rand(16, 1, 28, 28), randint(0, 10, [16])]);
      options.trainLoader = { *[Symbol.iterator]() { yield* batches; } };
      options.testLoader = null;`;
    const { code, told, stderr } = await runRanks("openmpi", 2, trained(null, "epochs: 1", unequal));
    assert.equal(code, 0, stderr);
    assert.deepEqual(told[0], told[1]);
    assert.equal(told[0][1], 2);
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    [
      "another model",
      "if (rank === 1) net.append(nn.Linear(10, 10));",
      /rank 1 has another model than rank 0: tensor 6\.weight float32 \[10, 10\], rank 0 has none\n/,
    ],
    [
      "another plan",
      "if (rank === 1) options.optimizer.paramGroups[0].lr = 0.2;",
      /rank 1 has another plan than rank 0: lr 0\.2, rank 0 has 0\.1\n/,
    ],
    [
      "another data set",
      "if (rank === 1) options.trainLoader = setUp('small', { examples: 66 }).trainLoader;",
      /rank 1 has another data set than rank 0: examples 66, rank 0 has 67\n/,
    ],
    [
      "NaN among one rank's examples",
      `const images = rand(32, 1, 28, 28);
       images.at(31).fill_(NaN);
       options.trainLoader = [[images, randint(0, 10, [32])]];`,
      /DivergenceError: the loss became NaN or infinite at step 1/,
    ],
    [
      "a full disk of rank 0",
      `if (rank === 0) options.run = {
         resume: async () => null, point() {}, weights: async () => {},
         checkpoint: async () => { throw new convoyant.FileError("cannot write: the disk is full (ENOSPC)"); },
       };`,
      /rank 0 has ended by an error: cannot write: the disk is full/,
    ],
  ];
  for (const [what, body, sentence] of failures) {
    test(`${what} ends all ranks, with a sentence`, async () => {
      const { code, told, stderr } = await runRanks("openmpi", 2, trained(null, "", body));
      assert.equal(code, 1, stderr);
      assert.deepEqual(told, []);
      assert.match(stderr, sentence);
    });
  }

  test("gradients that cross as bfloat16 end in the bits of one process, which are others than without", async () => {
    const compressed = trained(null).replace("timeout: 10", 'timeout: 10, compress: "bfloat16"');
    const [alone, two] = [await runAlone(compressed), await runRanks("openmpi", 2, compressed)];
    assert.equal(two.code, 0, two.stderr);
    assert.deepEqual(two.told, [alone.told[0], alone.told[0]], alone.stderr);
    assert.notEqual(alone.told[0][2], whole);
  });

  test("3 ranks share no 8 shards; --reduce fast's order does", async () => {
    const refused = await runRanks("openmpi", 3, trained(null));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /3 ranks cannot share 8 shards evenly/);
    const fast = trained(null).replace("timeout: 10", 'timeout: 10, reduce: "fast"');
    const { code, told, stderr } = await runRanks("openmpi", 3, fast);
    assert.equal(code, 0, stderr);
    assert.deepEqual(told[1], told[0]);
    assert.deepEqual(told[2], told[0]);
  });
});
