/**
 * `npm run fuzz -- [mutations] [reader ...] [--seed n] [--first n]`: fuzzes at length, and fails if a file takes more than a
 * second of the processor or all of a reader's more than 256 MiB. The mutations, a million unless it is said, are shared by
 * the readers, each of which has a process of its own: otherwise what one has taken would count for the next as nothing.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type FuzzedReader, fuzz } from "./fuzz.ts";
import { READERS } from "./readers.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" }, first: { type: "string", default: "0" } },
});
const [total = "1000000", ...names] = positionals;
const unknown = names.find((name) => !READERS.some((reader) => reader.name === name));
if (unknown !== undefined || !(Number(total) > 0)) {
  console.error(
    `expected a number of mutations, and readers among ${READERS.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}
const chosen = READERS.filter(({ name }) => names.length === 0 || names.includes(name));
const count = Math.ceil(Number(total) / chosen.length);
const { seed, first } = values;
if (chosen.length === 1) await fuzzReader(chosen[0]);
else
  for (const { name } of chosen) {
    const args = [fileURLToPath(import.meta.url), String(count), name, "--seed", seed, "--first", first];
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }

async function fuzzReader(reader: FuzzedReader): Promise<void> {
  const before = process.resourceUsage().maxRSS;
  const result = await fuzz(reader, count, Number(seed), Number(first));
  const megabytes = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  const { mutations, read, slowest, slowestIndex } = result;
  console.log(
    `${reader.name}: ${mutations} mutations, ${read} read, slowest ${slowest.toFixed(1)} ms (mutation ${slowestIndex}), ` +
      `${megabytes} MB more`,
  );
  if (slowest > 1000 || megabytes > 256) process.exitCode = 1;
}
