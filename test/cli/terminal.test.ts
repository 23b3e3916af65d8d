/** What reaches the terminal: names from outside are escaped, tables keep to its width, numbers are numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { displayWidth } from "../../src/report/terminal/text_width.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const skip = await fashionMnistIsMissing();
const SHORT = ["--limit-batches", "2", "--batch-size", "16", "--engine", "wasm", "--threads", "1"];
const cli = (args: string[], env: Record<string, string> = {}) => convoyantHere(args, { cwd: folder, env });

/** A title, a colour, a bidi override, a C1 control, a line that looks like ours. */
const NASTY = "run\u001b]0;title\u0007\u001b[31m\u202etxt\u009b2J\u200b";
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;

test("a run folder with escape codes in its name sends none to the terminal", { skip }, async () => {
  const trained = await cli(["train", "lenet", ...SHORT, "--epochs", "1", "--out", NASTY]);
  assert.equal(trained.code, 0, trained.stderr);
  assert.match(trained.stdout, /run: run\\x1b\]0;title\\x07\\x1b\[31m\\u202etxt\\x9b2J\\u200b/);
  const commands = [
    ["train", "lenet", "--out", NASTY],
    ["train", "--resume", NASTY, "--epochs", "2"],
    ["train", "--resume", `${NASTY}x`],
    ["eval", NASTY, ...SHORT.slice(0, 2)],
    ["eval", `${NASTY}x`],
    ["eval", NASTY, ...SHORT.slice(0, 2), "--json"],
    ["predict", NASTY, "test:1"],
    ["predict", NASTY, `${NASTY}.png`],
    ["predict", NASTY, `${NASTY}.png`, "--json"],
    ["summary", NASTY],
    ["train", NASTY, "--json"],
    ["data", "show", NASTY],
    ["data", "show", "--data-dir", NASTY, "--count", "1"],
    ["engine", "install", NASTY],
    ["bench", NASTY],
    ["compare", "lenet", "--set", `${NASTY}=1`],
    ["reproduce", NASTY],
    [NASTY],
    ["train", "lenet", `--${NASTY}`],
    ["train", "lenet", "--epochs", NASTY],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await cli(args);
    assert.doesNotMatch(stdout + stderr, OBEYED, args.join(" "));
  }
});

test("a run that was interrupted is resumed by the command that is printed", { skip }, async () => {
  const name = "it's\u001b[31m \\odd";
  const { stdout } = await convoyant(
    ["train", "lenet", ...SHORT, "--limit-batches", "4000", "--epochs", "99", "--out", name],
    {
      cwd: folder,
      onLine: (line, child) => {
        if (line.startsWith("run:")) setTimeout(() => child.kill("SIGINT"), 1500);
      },
    },
  );
  const [, resume] = /Go on with: npx convoyant train --resume (.*)/.exec(stdout) ?? [];
  assert.ok(resume?.startsWith("$'"), stdout);
  const { execFileSync } = await import("node:child_process");
  assert.equal(execFileSync("bash", ["-c", `printf %s ${resume}`], { encoding: "utf8" }), name);
});

test("every row of every table is one line of the terminal", { skip }, async () => {
  await cli(["train", "lenet", ...SHORT, "--epochs", "1", "--out", "wide"]);
  const commands = [
    ["summary", "alexnet"],
    ["summary", "torchvision-googlenet"],
    ["summary", "bn-lenet", "--program", "--engine", "wasm", "--threads", "1", "--batch-size", "8"],
    ["eval", "wide", "--limit-batches", "1"],
    ["data", "show", "--count", "5"],
    ["predict", "wide", "test:1"],
    ["train", "--resume", "wide"],
    ["engine", "--size", "32"],
  ];
  for (const COLUMNS of ["40", "100"]) {
    const results = await Promise.all(commands.map((args) => cli(args, { COLUMNS })));
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      assert.equal(code, 0, stderr);
      const lines = stdout.split("\n");
      // Running text wraps; what stands in columns does not.
      const rows = lines.filter((line) => /\S {2,}\S|^[─-]{9,}/.test(line));
      assert.ok(rows.length > 2, stdout);
      for (const line of rows)
        assert.ok(displayWidth(line) <= Number(COLUMNS), `${commands[i].join(" ")} at ${COLUMNS}: ${line}`);
    }
  }
});

test("a training of no epochs prints no NaN, and a short one no verdict", { skip }, async () => {
  const none = await cli(["train", "lenet", ...SHORT, "--epochs", "0", "--out", "none"]);
  assert.equal(none.code, 0, none.stderr);
  assert.doesNotMatch(none.stdout, /NaN/);
  assert.match(none.stdout, /^test accuracy +0\.\d+$/m);
  const json = await cli(["train", "lenet", ...SHORT, "--epochs", "0", "--out", "none2", "--json"]);
  assert.equal(json.events.at(-1)?.trainLoss, null);
  const short = await cli(["train", "lenet", ...SHORT, "--epochs", "1", "--out", "short"]);
  assert.match(short.stdout, /Not judged: this run has 1 epoch/);
  assert.doesNotMatch(short.stdout, /(above|below) the band|inside/);
  assert.doesNotMatch(short.stdout, /libdnnl|\.so/);
});

test("a whole data set can be shown", { skip }, async () => {
  const { code, events, stderr } = await cli([
    "data",
    "show",
    "--split",
    "test",
    "--count",
    "1000000",
    "--json",
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(events.filter(({ event }) => event === "image").length, 10000);
});
