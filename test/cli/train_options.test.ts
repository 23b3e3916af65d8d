/** Options of a training beyond the chapter's: each works, is kept with the run, and goes on with it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors } from "../../src/io/safetensors/safetensors_file.ts";
import { packageUrl } from "../built_package.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const skip = await fashionMnistIsMissing();
const cli = (...args: string[]) => convoyantHere(args, { cwd: folder });
const SHORT = ["--limit-batches", "4", "--batch-size", "32", "--engine", "wasm", "--threads", "1"];
const configOf = (run: string) => JSON.parse(readFileSync(join(folder, run, "config.json"), "utf8")).config;

test("all at once: recorded, in the metrics, and the command repeats it", { skip }, async () => {
  const given = [
    "--scheduler",
    "step:stepSize=1,gamma=0.5",
    "--label-smoothing",
    "0.1",
    "--val-split",
    "0.1",
  ];
  const more = ["--patience", "5", "--topk", "3,5", "--epochs", "2", "--lr", "0.4"];
  const { code, events, stderr } = await cli(
    "train",
    "lenet",
    ...SHORT,
    ...given,
    ...more,
    "--out",
    "all",
    "--json",
  );
  assert.equal(code, 0, stderr);
  const config = configOf("all");
  assert.deepEqual(
    [config.scheduler, config.labelSmoothing, config.valSplit, config.patience, config.topk],
    [{ name: "step", options: { stepSize: 1, gamma: 0.5 } }, 0.1, 0.1, 5, [3, 5]],
  );
  const ends = events.filter(({ event, epoch }) => event === "point" && Number.isInteger(epoch));
  assert.deepEqual(
    ends.map(({ lr }) => lr),
    [0.4, 0.2],
  );
  for (const end of ends) {
    assert.ok(
      end.valAccuracy >= 0 && end.testAccuracy === undefined,
      "judged by the part that was kept back",
    );
    assert.ok(end.extra.valTop3 <= end.extra.valTop5 && end.extra.top3 >= 0);
  }
  const last = events.at(-1);
  assert.ok(last?.testAccuracy >= 0 && last?.valAccuracy >= 0, "the test set is looked at once, at the end");
  assert.deepEqual(
    JSON.parse(readFileSync(join(folder, "all/test.json"), "utf8")).accuracy,
    last?.testAccuracy,
  );
  const { command } = JSON.parse(readFileSync(join(folder, "all/config.json"), "utf8"));
  const again = await cli(...command.split(" ").slice(2), "--out", "again");
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /^validation accuracy +0\.\d+$/m);
  for (const name of ["metrics.jsonl", "last.safetensors"])
    assert.ok(
      readFileSync(join(folder, "all", name)).equals(readFileSync(join(folder, "again", name))),
      name,
    );
  const html = readFileSync(join(folder, "all/report.html"), "utf8");
  assert.match(html, /validation accuracy/);
  assert.doesNotMatch(html, /Compared with the book/);
});

test("an interrupted run goes on with its scheduler, loss and split to the same bits", { skip }, async () => {
  const settings = [
    "--scheduler",
    "cosine",
    "--label-smoothing",
    "0.2",
    "--val-split",
    "0.2",
    "--topk",
    "2",
    "--epochs",
    "3",
  ];
  const whole = await cli("train", "lenet", ...SHORT, ...settings, "--out", "whole");
  assert.equal(whole.code, 0, whole.stderr);
  const cut = await convoyant(
    ["train", "lenet", ...SHORT, ...settings, "--checkpoint-seconds", "0", "--out", "cut", "--json"],
    { cwd: folder, onLine: (line, child) => line.includes('"epoch":1,"batch":2') && child.kill("SIGKILL") },
  );
  assert.equal(cut.signal, "SIGKILL");
  const resumed = await cli("train", "--resume", "cut");
  assert.equal(resumed.code, 0, resumed.stderr);
  for (const name of ["metrics.jsonl", "last.safetensors", "test.json"])
    assert.ok(
      readFileSync(join(folder, "whole", name)).equals(readFileSync(join(folder, "cut", name))),
      name,
    );
  const other = await cli("train", "--resume", "cut", "--label-smoothing", "0.3");
  assert.equal(other.code, 2);
  assert.match(other.stderr, /a resumed run keeps its labelSmoothing \(0\.2\)/);
  const same = await cli("train", "--resume", "cut", "--scheduler", "cosine");
  assert.equal(same.code, 0, same.stderr);
  const scheduler = await cli("train", "--resume", "cut", "--scheduler", "step:stepSize=2");
  assert.match(scheduler.stderr, /a resumed run keeps its scheduler \(\{"name":"cosine"/);
});

test("--weights starts from a file or a run, and needs it no more afterwards", { skip }, async () => {
  await cli("train", "lenet", ...SHORT, "--epochs", "1", "--out", "first");
  const { code, stderr } = await cli(
    "train",
    "lenet",
    ...SHORT,
    "--lr",
    "0",
    "--epochs",
    "1",
    "--weights",
    "first",
    "--out",
    "second",
  );
  assert.equal(code, 0, stderr);
  const [before, after] = await Promise.all(
    ["first/best.safetensors", "second/last.safetensors"].map((name) => readSafetensors(join(folder, name))),
  );
  for (const [name, { data }] of before.tensors) assert.deepEqual(after.tensors.get(name)?.data, data, name);
  assert.equal(configOf("second").weights, join(folder, "first"));
  const wrong = await cli("train", "bn-lenet", ...SHORT, "--weights", "first", "--out", "third");
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /first.best\.safetensors does not fit bn-lenet \(it says that it holds lenet\)/);
  assert.ok(!existsSync(join(folder, "third")), "nothing is written for a training that cannot begin");
  const missing = await cli("train", "lenet", "--weights", "nowhere.safetensors");
  assert.match(missing.stderr, /nowhere\.safetensors/);
});

test("--patience ends a training that no longer gets better", { skip }, async () => {
  const { stdout, stderr, code } = await cli(
    "train",
    "lenet",
    ...SHORT,
    "--lr",
    "0",
    "--epochs",
    "9",
    "--patience",
    "1",
    "--out",
    "early",
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /stopped early after 2 epochs; the best is epoch 1/);
});

test("what is wrong is refused before anything is trained", async () => {
  const cases: [string, RegExp][] = [
    ["--val-split 1", /expected a number of at least 0 and below 1, got "1"/],
    ["--label-smoothing 2", /expected a number of at least 0 and at most 1, got "2"/],
    ["--patience 0", /expected an integer of at least 1, got "0"/],
    ["--topk 0", /expected an integer of at least 1, got "0"/],
    ["--scheduler stp", /unknown scheduler `stp`; did you mean `step`\?/],
    ["--scheduler step", /scheduler step needs stepSize/],
    ["--scheduler step:5", /expected a scheduler as name:option=value/],
    ["--scheduler cosine:tMx=5", /scheduler cosine has no option `tMx`; did you mean `tMax`\?/],
  ];
  for (const [words, expected] of cases) {
    const { code, stderr } = await cli("train", "lenet", ...words.split(" "));
    assert.equal(code, 2, `${words}: ${stderr}`);
    assert.match(stderr, expected);
  }
});

const NET = `
const { nn } = await import("${packageUrl("index")}");
export default () => nn.Sequential(nn.Flatten(), nn.Linear(784, 10));
`;
const FIT = `
import make from "./net.mjs";
const { data, models, optim, train } = await import("${packageUrl("index")}");
const { trainLoader, testLoader, classes } = await data.fashionMnistLoaders({ batchSize: 32 });
const short = { trainLoader: train.limitBatches(trainLoader, 2), testLoader: train.limitBatches(testLoader, 2), epochs: 1 };
for (const [out, net, name] of [["own", make(), undefined], ["named", models.create("lenet"), "lenet"]])
  await train.fit(net, { ...short, optimizer: optim.SGD(net.parameters(), { lr: 0.1 }), out, name, classNames: classes });
process.exit(0);
`;

test("a program's run is evaluated by its network's name, or by a module that makes it", {
  skip,
}, async () => {
  mkdirSync(join(folder, "program"));
  const cwd = join(folder, "program");
  writeFileSync(join(cwd, "net.mjs"), NET);
  writeFileSync(join(cwd, "named.mjs"), NET.replace("default () =>", "const model = async () =>"));
  writeFileSync(join(cwd, "net.ts"), NET.replace("() =>", "(): unknown =>"));
  writeFileSync(join(cwd, "none.mjs"), "export const net = 1;");
  writeFileSync(join(cwd, "number.mjs"), "export default () => 7;");
  writeFileSync(join(cwd, "fit.mjs"), FIT);
  const { execFileSync } = await import("node:child_process");
  execFileSync(process.execPath, ["fit.mjs"], { cwd, stdio: "pipe" });
  // In processes of their own: there the command shares the copy of the package that a module imports.
  const run = (...args: string[]) => convoyant(args, { cwd });
  const limited = ["--limit-batches", "2", "--json"];
  const named = await run("eval", "named", ...limited);
  assert.equal(named.code, 0, named.stderr);
  assert.equal(named.events.at(-1)?.model, "lenet");
  const bare = await run("eval", "own", ...limited);
  assert.equal(bare.code, 2);
  assert.match(
    bare.stderr,
    /own holds the weights of Sequential, which is not a network that is known by name.*--model \.\/net\.mjs/,
  );
  for (const file of ["./net.mjs", "named.mjs"]) {
    const own = await run("eval", "own", "--model", file, ...limited);
    assert.equal(own.code, 0, own.stderr);
    assert.ok(own.events.at(-1)?.testAccuracy >= 0);
  }
  const predicted = await run("predict", "own", "test:1", "--model", "./net.mjs", "--topk", "2");
  assert.equal(predicted.code, 0, predicted.stderr);
  assert.match(predicted.stdout, /test:1/);
  const typed = await run("eval", "own", "--model", "./net.ts", ...limited);
  if ((process.features as { typescript?: unknown }).typescript) assert.equal(typed.code, 0, typed.stderr);
  else {
    assert.equal(typed.code, 2);
    assert.match(typed.stderr, /cannot import TypeScript; run the command with Node\.js 22\.18 or later/);
  }
  const wrong: [string, RegExp][] = [
    ["./none.mjs", /expected a default export, or an export named `model`.*it exports net/],
    ["./number.mjs", /expected its function to return a network \(a Module\), got number/],
    ["./gone.mjs", /there is no such file/],
    ["lent", /unknown model "lent"; did you mean `lenet`\?/],
  ];
  for (const [model, expected] of wrong) {
    const { stderr, code } = await run("eval", "own", "--model", model);
    assert.ok(code === 1 || code === 2);
    assert.match(stderr, expected);
  }
});

test("runs lists, shows and removes runs", { skip }, async () => {
  const cwd = join(folder, "listed");
  mkdirSync(join(cwd, "runs/no-run"), { recursive: true });
  const run = (...args: string[]) => convoyantHere(args, { cwd });
  assert.match((await run("runs", "--in", "elsewhere")).stdout, /no runs in elsewhere/);
  await run("train", "lenet", ...SHORT, "--epochs", "1", "--out", "runs/a");
  await run("train", "lenet", ...SHORT, "--epochs", "3", "--lr", "0", "--patience", "1", "--out", "runs/b");
  writeFileSync(join(cwd, "runs/b/notes.txt"), "mine");
  mkdirSync(join(cwd, "runs/c"));
  writeFileSync(join(cwd, "runs/c/config.json"), "{");
  const { events, stdout } = await run("runs", "--json");
  assert.deepEqual(
    events
      .slice(0, -1)
      .map(({ run: name, model, state, epochs, ofEpochs }) => [name, model, state, epochs, ofEpochs]),
    [
      ["runs/a", "lenet", "finished", 1, 1],
      ["runs/b", "lenet", "finished", 2, 3],
      ["runs/c", "", "damaged", 0, null],
    ],
    stdout,
  );
  assert.match((await run("runs")).stdout, /^runs\/b +lenet +finished +2\/3/m);
  const shown = await run("runs", "show", "runs/a");
  assert.match(
    shown.stdout,
    /^test accuracy +0\.\d+ \(epoch 1, whose weights are kept: best\.safetensors\)$/m,
  );
  assert.match(shown.stdout, /^lr +0\.9$/m);
  assert.match((await run("runs", "show", "runs/no-run")).stderr, /runs\/no-run is not a run/);
  const removed = await run("runs", "rm", "runs/a", "runs/b");
  assert.equal(removed.code, 0, removed.stderr);
  assert.ok(!existsSync(join(cwd, "runs/a")));
  assert.match(removed.stdout, /removed runs\/b; these files are not the run's and stay: notes\.txt/);
  assert.match((await run("runs", "rm", "runs/no-run")).stderr, /is not a run/);
});
