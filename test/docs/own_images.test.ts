/** The guide to one's own images: its commands are run as they stand, on the photographs that it names. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../architecture/sources.ts";
import { cliScript } from "../built_package.ts";
import { testWeightsFolder, weightsUnreachable } from "../lite0_weights.ts";
import { stampsAreMissing } from "../stamp_photographs.ts";

/** The blocks of commands of a page. */
function commandsIn(page: string): string[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  return [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block);
}

const commands = commandsIn("own-pictures.md");

test("the guide has the same commands in both languages", () => {
  assert.ok(commands.length >= 5, `${commands.length} blocks`);
  assert.deepEqual(commandsIn("own-pictures.zh.md"), commands);
});

test("the options that the guide names are those of the command", () => {
  const named = new Set(
    ["own-pictures.md", "own-pictures.zh.md"].flatMap((page) =>
      [...readFileSync(join(root, "docs", page), "utf8").matchAll(/`(--[a-z-]+)/g)].map(([, name]) => name),
    ),
  );
  const help = spawnSync(process.execPath, [cliScript, "train", "--help"], { encoding: "utf8" }).stdout;
  for (const name of named) if (name !== "--help") assert.match(help, new RegExp(`${name}\\b`), name);
});

/** All images and the training as the guide has it take minutes; otherwise a few images, small ones, few epochs. */
const isWhole = process.env.CONVOYANT_TEST_FINE_TUNE !== undefined;
const IMAGES_OF_A_CLASS = 9;
const QUICK = "--resize 96 --freeze-epochs 20 --epochs 1";

/** Leaves the first images of each class. */
function keepFew(photos: string): void {
  for (const name of readdirSync(photos)) {
    const files = readdirSync(join(photos, name), { recursive: true, encoding: "utf8" });
    const images = files.filter((file) => file.endsWith(".png")).sort();
    for (const file of images.slice(IMAGES_OF_A_CLASS)) rmSync(join(photos, name, file));
  }
}

test("the commands of the guide do what it says", { skip: stampsAreMissing }, async (context) => {
  const missing = await weightsUnreachable();
  if (missing !== undefined) return context.skip(`the weights of ImageNet cannot be fetched: ${missing}`);
  const folder = mkdtempSync(join(tmpdir(), "convoyant-own-pictures-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  // The command of these sources in the place of an installed one; the quick form appends options to the training.
  const quick = isWhole ? "" : `[ "$1" = train ] && set -- "$@" ${QUICK}\n`;
  const script = `#!/bin/sh\nshift\n${quick}exec "${process.execPath}" "${cliScript}" "$@"\n`;
  writeFileSync(join(folder, "npx"), script, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, CONVOYANT_WEIGHTS: testWeightsFolder };
  for (const block of commands) {
    // The package is there.
    const script = block.replace(/^apt-get .*$/m, "");
    const { status, stdout, stderr } = spawnSync("sh", ["-e", "-c", script], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    assert.equal(status, 0, `${block}\n${stdout}\n${stderr}`);
    assert.doesNotMatch(stderr, /trained from scratch/);
    if (block === commands[0] && !isWhole) keepFew(join(folder, "photos"));
    context.diagnostic(stdout.trim().split("\n").slice(-4).join(" | "));
  }
  for (const file of [
    ...["check.html", "mine.onnx", "page/index.html", "page/model.safetensors", "page/README.md"],
    ...["runs/mine/report.html", "runs/mine/best.safetensors"],
  ])
    assert.ok(existsSync(join(folder, file)), file);
  const { val } = JSON.parse(readFileSync(join(folder, "runs/mine/results.json"), "utf8"));
  const least = isWhole ? 0.8 : 0.5;
  assert.ok(val.accuracy >= least, `accuracy ${val.accuracy} on ${val.images} images`);
});
