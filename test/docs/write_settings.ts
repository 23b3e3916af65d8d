/** Writes docs/settings.md. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../architecture/sources.ts";
import { settingsPage } from "./settings_page.ts";

writeFileSync(join(root, "docs/settings.md"), settingsPage());
