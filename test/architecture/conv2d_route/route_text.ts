/** The route of `nn.Conv2d` as docs/architecture.md shows it. */
import type { Route } from "./route.ts";

/** Files that a reader opens. */
export function opened({ chain, stations }: Route): string[] {
  return [...chain, ...stations].sort();
}

/** Layers in the order in which a call goes down through them. */
const DOWN = ["nn", "tensor", "ops", "graph", "runtime", "compiler", "engines", "workers", "base"];

/** The counts, and the wasm engine's files by folder; what stands on the chain is in bold. */
export function routeText(
  wasm: Route,
  onednn: { readonly opened: number; readonly executed: number },
): string {
  const rows = [
    "| engine | files of the route | on the chain | stations | all files that run |",
    "|---|---|---|---|---|",
    `| wasm | ${opened(wasm).length} | ${wasm.chain.length} | ${wasm.stations.length} | ${wasm.executed.length} |`,
    `| onednn | at most ${onednn.opened} | | | at most ${onednn.executed} |`,
  ];
  const folders = new Map<string, string[]>();
  for (const file of opened(wasm)) {
    const at = file.lastIndexOf("/");
    const name = file.slice(at + 1, -".ts".length);
    const shown = wasm.chain.includes(file) ? `**${name}**` : name;
    folders.set(file.slice(0, at), [...(folders.get(file.slice(0, at)) ?? []), shown]);
  }
  const height = (folder: string) => DOWN.indexOf(folder.split("/")[0]);
  const lists = [...folders]
    .sort(([a], [b]) => height(a) - height(b))
    .map(([folder, names]) => `- \`src/${folder}\`: ${names.join(", ")}`);
  return [...rows, "", "The wasm engine's, those on the chain in bold:", "", ...lists].join("\n");
}

/** What a page says of the onednn engine. */
export function documentedOnednn(text: string): { opened: number; executed: number } {
  const row = /^\| onednn \| at most (\d+) \| +\| +\| at most (\d+) \|$/m.exec(text);
  if (row === null) throw new Error("the table has no row for onednn");
  return { opened: Number(row[1]), executed: Number(row[2]) };
}
