import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { loadDnnl } from "../../src/engines/onednn/library/load_dnnl.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { NETWORKS } from "./networks.ts";
import { isMissing, runAlone, runRanks, temporaryFolder } from "./ranks.ts";

const caches = ["measured", "forged"].map((name) => join(temporaryFolder, name));
const [measured, forged] = caches.map((cache) => join(cache, "convoyant", "onednn", "autotuning.jsonl"));

/** Trains with the autotuning cache of the rank; `names` are those of rank 0, rank 1, ... */
const trained = (names: readonly string[]) => `${NETWORKS}
  const { rank } = await distributed.init({ timeout: 60 });
  process.env.XDG_CACHE_HOME = ${JSON.stringify(names)}[rank];
  await useEngine("onednn", { threads: 1 });
  NETWORKS.convolutions = () => nn.Sequential(
    nn.Conv2d(1, 16, 3, { padding: 1 }), nn.ReLU(), nn.Conv2d(16, 32, 3, { padding: 1 }), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10));
  const { net, trainLoader, optimizer } = setUp("convolutions", { examples: 32 });
  await train.fit(net, { trainLoader, optimizer, epochs: 1, progress: false });
  tell(await hashOf(net));
`;

/** Whatever was chosen, something else is. */
function forge(): void {
  const lines = readFileSync(measured, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const others = lines.map((line) => {
    const record = JSON.parse(line);
    const names = Object.keys(record.milliseconds).filter((name) => record.milliseconds[name] !== null);
    return { ...record, chosen: names.find((name) => name !== record.chosen) ?? record.chosen };
  });
  mkdirSync(dirname(forged), { recursive: true });
  writeFileSync(forged, `${others.map((record) => JSON.stringify(record)).join("\n")}\n`);
}

const skip = isMissing("openmpi") || missingLibrary();

test("ranks whose machines would choose other algorithms compute by rank 0's", { skip }, async () => {
  // It may lie beside the cache that is used otherwise.
  const env = { CONVOYANT_DNNL: loadDnnl().path };
  const alone = async (cache: string) => {
    const { told, stderr } = await runAlone(trained([cache]), { env });
    assert.equal(told.length, 1, stderr);
    return told[0];
  };
  const first = await alone(caches[0]);
  forge();
  assert.notEqual(await alone(caches[1]), first);
  const { code, told, stderr } = await runRanks("openmpi", 2, trained(caches), { env });
  assert.equal(code, 0, stderr);
  assert.deepEqual(told, [first, first]);
});
