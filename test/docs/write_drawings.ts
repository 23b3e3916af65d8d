/** Writes the drawings of docs/drawings again. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../architecture/sources.ts";
import { drawings } from "./drawings.ts";

const folder = join(root, "docs/drawings");
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(drawings())) writeFileSync(join(folder, name), svg);
