/**
 * `npm run fuzz -- [mutations] [reader ...] [--seed n] [--first n]`: fuzzes at length, and fails if a file takes more than a
 * second or all of a reader's more than 256 MiB. The mutations, a million unless it is said, are shared by the readers.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
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
for (const reader of chosen) {
  const before = process.resourceUsage().maxRSS;
  const result = await fuzz(reader, count, Number(values.seed), Number(values.first));
  const megabytes = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  const { mutations, read, slowest, slowestIndex } = result;
  console.log(
    `${reader.name}: ${mutations} mutations, ${read} read, slowest ${slowest.toFixed(1)} ms (mutation ${slowestIndex}), ` +
      `${megabytes} MB more`,
  );
  if (slowest > 1000 || megabytes > 256) process.exitCode = 1;
}
