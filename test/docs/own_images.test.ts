/** The guide to one's own images: its commands are run as they stand, on the photographs that it names. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../architecture/sources.ts";
import { cliScript } from "../built_package.ts";
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

const skip = !process.env.CONVOYANT_TEST_FINE_TUNE
  ? "CONVOYANT_TEST_FINE_TUNE is not set: the training takes minutes"
  : stampsAreMissing;

test("the commands of the guide do what it says", { skip }, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-own-pictures-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const bin = join(folder, "npx");
  // The command of these sources in the place of an installed one.
  writeFileSync(bin, `#!/bin/sh\nshift\nexec "${process.execPath}" "${cliScript}" "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  for (const block of commands) {
    // The package is there.
    const script = block.replace(/^apt-get .*$/m, "");
    const { status, stdout, stderr } = spawnSync("sh", ["-e", "-c", script], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    assert.equal(status, 0, `${block}\n${stdout}\n${stderr}`);
    context.diagnostic(stdout.trim().split("\n").slice(-4).join(" | "));
  }
  for (const file of ["check.html", "mine.onnx", "runs/mine/report.html", "runs/mine/best.safetensors"])
    assert.ok(existsSync(join(folder, file)), file);
  const { val } = JSON.parse(readFileSync(join(folder, "runs/mine/results.json"), "utf8"));
  assert.ok(val.accuracy >= 0.8, `accuracy ${val.accuracy} on ${val.images} images`);
});
