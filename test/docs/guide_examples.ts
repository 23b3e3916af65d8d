/** The examples in the comments of a guide's code, as modules of the copy in which the guide is tried. */
import * as convoyant from "convoyant";
import { examplesOf } from "./code_blocks.ts";
import { exampleModule } from "./example_module.ts";
import type { GuideStep } from "./guide_steps.ts";
import * as preludes from "./prelude.ts";

/** The sources of the package, as seen from test/docs. */
const PACKAGE = "../../src/index.ts";

/** A module for each example of a step. */
export function exampleSources({ path, kind, text }: GuideStep): string[] {
  if (kind !== "file" || !path.startsWith("src/")) return [];
  const maker = /^src\/(?:nn|optim|tensor)\//.test(path) ? "vectors" : "images";
  const surroundings = {
    exported: Object.keys(convoyant),
    prelude: { maker, names: Object.keys(preludes[maker]()) },
  };
  const comments = [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].map(([comment]) =>
    comment.replace(/^ ?\*\/?(?: |$)/gm, ""),
  );
  return comments
    .flatMap((doc) => examplesOf({ path, file: path, local: path, line: 1, doc }))
    .map((block) =>
      fromSources(exampleModule(block, surroundings, ".").replace(/(from "\.\/\w+)\.js"/g, '$1.ts"')),
    );
}

/** The module with the sources in the package's place. */
export function fromSources(text: string): string {
  return text.replaceAll('"convoyant"', `"${PACKAGE}"`);
}
