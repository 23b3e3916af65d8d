/** Writes docs/compatibility.md. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../architecture/sources.ts";
import { compatibilityPage } from "./compatibility.ts";

writeFileSync(join(root, "docs/compatibility.md"), await compatibilityPage());
