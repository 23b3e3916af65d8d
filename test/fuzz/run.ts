/**
 * `node build/test/fuzz/run.js [mutations of each] [reader ...] [--seed n] [--first n]`: fuzzes at length, and fails if a
 * file takes more than a second or all of them more than 256 MiB.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { READERS } from "./readers.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" }, first: { type: "string", default: "0" } },
});
const [count = "100000", ...names] = positionals;
for (const reader of READERS) {
  if (names.length > 0 && !names.includes(reader.name)) continue;
  const before = process.resourceUsage().maxRSS;
  const result = await fuzz(reader, Number(count), Number(values.seed), Number(values.first));
  const megabytes = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  const { mutations, read, slowest, slowestIndex } = result;
  console.log(
    `${reader.name}: ${mutations} mutations, ${read} read, slowest ${slowest.toFixed(1)} ms (mutation ${slowestIndex}), ` +
      `${megabytes} MB more`,
  );
  if (slowest > 1000 || megabytes > 256) process.exitCode = 1;
}
