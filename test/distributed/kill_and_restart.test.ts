/**
 * Long trainings of which a rank is killed again and again, and which go on with other numbers of ranks each time: they end in
 * the weights of one process that was never interrupted. Minutes: only with CONVOYANT_TEST_RANK_STEPS.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { processRuns } from "../../src/base/running_process.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { NETWORKS } from "./networks.ts";
import { isMissing, runAlone, runRanks, temporaryFolder, VENDORS } from "./ranks.ts";

const steps = Number(process.env.CONVOYANT_TEST_RANK_STEPS ?? 0);
const engines = ["wasm", ...(missingLibrary() === false ? ["onednn"] : [])];

/** Ranks, and the share of all steps after which the last of them is killed. */
const PARTS = [
  [2, 0.25],
  [8, 0.5],
  [4, 0.75],
  [1, null],
] as const;

const training = (
  net: string,
  engine: string,
  out: string | null,
  killAt: number | null,
  resume = false,
) => `${NETWORKS}
const { rank, worldSize } = await distributed.init({ timeout: 60 });
await useEngine("${engine}", { threads: 1 });
const { net, ...options } = setUp("${net}");
if (worldSize > 1) tell(process.pid);
const onStep = ({ epoch, step }) => {
  if (rank === worldSize - 1 && 3 * epoch + step >= ${killAt ?? Number.POSITIVE_INFINITY}) process.kill(process.pid, "SIGKILL");
};
const run = ${out === null ? "{}" : `{ out: ${JSON.stringify(out)}, resume: ${resume}, checkpointSeconds: 1 }`};
const epochs = Math.ceil(${steps} / 3);
const { outcome, step } = await train.fit(net, {
  ...options, ...run, epochs, progress: false, callbacks: { onStep },
});
tell([outcome, step, await hashOf(net)]);
`;

describe("killed, and resumed on other numbers of ranks", {
  skip: steps < 10 && "it takes minutes",
}, () => {
  for (const engine of engines)
    for (const net of ["lenet", "bnLenet", "googlenet"])
      test(`${net}, ${engine}`, async () => {
        const whole = await runAlone(training(net, engine, null, null));
        assert.equal(whole.told.length, 1, whole.stderr);
        for (const vendor of VENDORS.filter((one) => !isMissing(one))) {
          const out = join(temporaryFolder, `${vendor}-${net}-${engine}`);
          for (const [ranks, share] of PARTS) {
            const killAt = share === null ? null : Math.round(share * steps);
            const program = training(net, engine, out, killAt, ranks !== PARTS[0][0]);
            const part = await runRanks(vendor, ranks, program);
            if (killAt === null) assert.deepEqual(part.told, whole.told, part.stderr);
            else {
              assert.notEqual(part.code, 0, part.stdout);
              // mpirun may end before rank 0 does, which has the run's folder until then.
              while (processRuns(part.told[0])) await new Promise((resolve) => setTimeout(resolve, 50));
            }
          }
        }
      });
});
