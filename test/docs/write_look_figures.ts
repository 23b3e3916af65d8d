/** Draws the figures of docs/look.md from a run: `node build/test/docs/write_look_figures.js <run>`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LookOptions, lookFigure } from "../../src/experiments/look/look_figures.ts";
import { stopEngine } from "../../src/index.ts";
import { figureSvg } from "../../src/look/index.ts";
import { root } from "../architecture/sources.ts";

const [run] = process.argv.slice(2);
if (run === undefined) throw new Error("name a run's folder");

const FIGURES: Readonly<Record<string, LookOptions>> = {
  "look-filmstrip": { what: "filters", overEpochs: true },
  "look-grad-cam": { what: "grad-cam", image: "test:0" },
  "look-embedding": { what: "embedding", count: 300, thumbnails: false },
  "look-maximise": { what: "maximise" },
};

mkdirSync(join(root, "docs/figures"), { recursive: true });
for (const [name, options] of Object.entries(FIGURES)) {
  const draw = await lookFigure(run, options);
  writeFileSync(join(root, "docs/figures", `${name}.svg`), figureSvg(draw(720)));
}
await stopEngine();
