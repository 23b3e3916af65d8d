import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cliScript } from "../built_package.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, temporaryFolder } from "./run_cli.ts";

temporaryFolder();

const COMMANDS = [
  ["train"],
  ["eval"],
  ["predict"],
  ["export"],
  ["draw"],
  ["look"],
  ["summary"],
  ["data", "fetch"],
  ["data", "show"],
  ["data", "check"],
  ["engine"],
  ["engine", "install"],
  ["bench"],
  ["bench", "train"],
  ["compare"],
  ["reproduce"],
];

test("every command has a help with examples", async () => {
  const results = await Promise.all([[], ...COMMANDS].map((words) => convoyantHere([...words, "--help"])));
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /Usage: convoyant/);
    assert.match(
      stdout,
      /Examples:\n {2}\$ convoyant/,
      `no examples: ${["convoyant", ...(COMMANDS[i - 1] ?? [])].join(" ")}`,
    );
  }
});

test("the help of train lists every option of a training", async () => {
  const { stdout } = await convoyantHere(["train", "--help"]);
  const options =
    "epochs batch-size lr optimizer momentum weight-decay resize seed engine threads precision limit-batches out resume data json";
  for (const option of options.split(" ")) assert.match(stdout, new RegExp(`--${option}\\b`));
});

/** What is typed, and what the error must say. */
const WRONG: [string, RegExp][] = [
  ["", /Usage: convoyant/],
  ["trian lenet", /unknown command 'trian'\n\(Did you mean train\?\)/],
  ["train", /name a model .* or a run to go on with \(--resume RUN\)/],
  ["train lnet", /unknown model "lnet"; did you mean `lenet`\? \(expected one of lenet, bn-lenet/],
  ["train lenet --epoch 3", /unknown option '--epoch'\n\(Did you mean --epochs\?\)/],
  [
    "train lenet --epochs many",
    /'--epochs <n>' argument 'many' is invalid\. expected an integer of at least 0, got "many"/,
  ],
  ["train lenet --threads 100000", /expected an integer from 1 to \d+, got "100000"/],
  ["train lenet --resize 99999", /expected an integer from 1 to 4096, got "99999"/],
  ["train lenet --lr 1e999", /expected a number of at least 0, got "1e999"/],
  ["train lenet --set dropout=NaN", /lenet: expected `dropout` to be a probability from 0 to 1, got "NaN"/],
  ["train lenet --set dropout=-1", /lenet: expected `dropout` to be a probability from 0 to 1, got -1/],
  ["train lenet --set batchNorm=7", /lenet: expected `batchNorm` to be true or false, got 7/],
  ["train lenet --set numClasses=0", /lenet: expected `numClasses` to be an integer of at least 1, got 0/],
  ["train lenet --set numClasses=1e12", /network is not as expected: expected numClasses of at most 10000/],
  ["train lenet --set __proto__=1", /lenet has no option `__proto__`/],
  ["export runs/first", /required option '-o, --output <file>' not specified/],
  ["export runs/first -o x.onnx --bear", /unknown option '--bear'\n\(Did you mean --bare\?\)/],
  ["engine --size 100000", /expected an integer from 1 to 16384, got "100000"/],
  ["reproduce lenet:1000000000", /expected at most 1000 seeds of a network, got "lenet:1000000000"/],
  ["reproduce --nin-starts 1000000000", /expected an integer from 0 to 1000/],
  ["compare lenet --seeds 1000000000", /expected an integer from 1 to 1000/],
  ["compare lenet --set lr=-1,2", /lenet: lr is not as expected: expected a number of at least 0, got -1/],
  [
    "compare lenet --set resize=-3",
    /lenet: resize is not as expected: expected an integer from 1 to 4096, got -3/,
  ],
  ["data check", /missing required argument 'folder\|list'/],
  ["data check photos --strikt", /unknown option '--strikt'\n\(Did you mean --strict\?\)/],
  ["train lenet --batch-size 0", /expected an integer of at least 1, got "0"/],
  ["train lenet --lr -1", /expected a number of at least 0, got "-1"/],
  ["train lenet --engine wsm", /unknown engine `wsm`; did you mean `wasm`\? \(there are: wasm,/],
  ["train lenet --data fashion-mnst", /unknown data set `fashion-mnst`; did you mean `fashion-mnist`\?/],
  ["train lenet --optimizer adm", /unknown optimizer `adm`; did you mean `adam`\? \(there are: sgd, adam,/],
  ["train lenet --optimizer adam --momentum 0.9", /adam takes no momentum/],
  [
    "train lenet --precision fp16",
    /unknown precision `fp16`; did you mean `bf16`\? \(there are: f32, bf16\)/,
  ],
  ["summary lenet --program --precision half", /unknown precision `half` \(there are: f32, bf16\)/],
  ["compare lenet --precision 16", /unknown precision `16` \(there are: f32, bf16\)/],
  ["reproduce lenet --precision bf61", /unknown precision `bf61`; did you mean `bf16`\?/],
  [
    "bench train --precision f32,fp16",
    /unknown precision `fp16`; did you mean `bf16`\? \(there are: f32, bf16\)/,
  ],
  ["train lenet --edition fr", /unknown edition `fr` \(there are: zh, en\)/],
  ["train lenet extra", /too many arguments/],
  ["summary lent", /unknown model "lent"; did you mean `lenet`\?/],
  ["summary lenet --edition fr", /expected zh or en, got "fr"/],
  ["predict somewhere", /missing required argument 'image'/],
  ["data fetch minst", /unknown data set `minst`; did you mean `mnist`\?/],
  ["data show --split both", /Allowed choices are train, test/],
  ["bench trian", /unknown benchmark `trian`; did you mean `train`\? \(there are: train, infer, matmul\)/],
  ["bench train --nets lenett", /unknown model "lenett"/],
  ["bench matmul resnet18", /bench matmul takes no networks, got resnet18/],
];

test("wrong usage is refused with exit code 2, and says what was expected", async () => {
  for (const [words, expected] of WRONG) {
    const { code, stdout, stderr } = await convoyantHere(words.split(" ").filter(Boolean));
    assert.equal(code, 2, `${words}: ${stderr}`);
    assert.match(stderr, expected);
    assert.equal(stdout, "");
  }
});

test("with --json an error is an object as well", async () => {
  const usage = await convoyant(["train", "lnet", "--json"]);
  assert.equal(usage.code, 2);
  assert.deepEqual(Object.keys(usage.events[0]), ["event", "error", "message", "exitCode"]);
  assert.equal(usage.events[0].event, "error");
  assert.equal(usage.events[0].exitCode, 2);
  assert.match(usage.events[0].message, /unknown model "lnet"/);
  const failed = await convoyant(["eval", "not/there", "--json"]);
  assert.equal(failed.code, 1);
  assert.equal(failed.events[0].exitCode, 1);
  assert.match(failed.events[0].message, /not\/there.*no such file/);
});

test("no colours and nothing that moves the cursor go into a pipe", async () => {
  for (const args of [
    ["summary", "bn-lenet"],
    ["engine", "--size", "64"],
  ]) {
    const { code, stdout, stderr } = await convoyant(args);
    assert.equal(code, 0, stderr);
    assert.ok(!stdout.includes("\u001b"), stdout);
    assert.ok(!stdout.includes("\r"), stdout);
  }
});

test("a reader that goes away is not an error", async () => {
  // The reader takes one line and closes; the writer's messages and code are kept apart.
  const script =
    '("$0" "$1" summary alexnet --program --batch-size 1 --json; echo "code $?" >&2) | head -n 1 | wc -l';
  const child = spawn("sh", ["-c", script, process.execPath, cliScript], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  await new Promise((resolve) => child.on("close", resolve));
  assert.equal(stdout.trim(), "1");
  assert.match(stderr, /^code 0\s*$/);
});

test("standard output on a full disk is an error", {
  skip: existsSync("/dev/full") ? false : "there is no /dev/full",
}, async () => {
  for (const json of [[], ["--json"]]) {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [cliScript, "summary", "lenet", ...json], {
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    let stderr = "";
    child.stderr?.on("data", (data) => {
      stderr += data;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(
      stderr,
      "FileError: cannot write to standard output: the disk is full (ENOSPC); free some space or send the output elsewhere\n",
    );
    assert.equal(code, 1);
  }
});

test("what a terminal obeys is shown in messages, not sent", async () => {
  const { code, stderr } = await convoyantHere(["eval", "a\u001b[2Jb\u0007\u009bc"]);
  assert.equal(code, 1);
  assert.ok(stderr.includes("cannot read a\\x1b[2Jb\\x07\\x9bc: there is no such file"), stderr);
});

test("engine says what works, how fast, and which one is the default", async () => {
  const { code, events, stderr } = await convoyantHere(["engine", "--size", "64", "--json"]);
  assert.equal(code, 0, stderr);
  const wasm = events.find((event) => event.engine === "wasm");
  assert.equal(wasm?.works, true);
  assert.ok(wasm?.threads >= 1);
  assert.deepEqual(
    wasm?.measured.map(({ task, precision }: Record<string, string>) => [task, precision]),
    [
      ["matmul", "f32"],
      ["conv2d", "f32"],
    ],
  );
  for (const { measured } of events.filter((event) => event.works))
    for (const { gflops } of measured) assert.ok(gflops > 0);
  for (const event of events.filter((each) => each.event === "engine" && !each.works))
    assert.ok(event.reason.length > 0);
  assert.equal(events.at(-1)?.event, "end");
  assert.ok(events.some((event) => event.engine === events.at(-1)?.default && event.works));
  assert.match(events.at(-1)?.why, /installed here|fastest that works here/);
});

test("engine --explain prints what was measured, or that nothing was", async () => {
  const cache = join(temporaryFolder(), "cache");
  const empty = await convoyant(["engine", "--size", "64", "--explain"], {
    env: { XDG_CACHE_HOME: cache, CONVOYANT_DNNL: "/nowhere/libdnnl.so.3" },
  });
  assert.equal(empty.code, 0, empty.stderr);
  assert.match(empty.stdout, /no algorithms have been measured yet/);
  assert.match(empty.stdout, /onednn +not here .*\/nowhere\/libdnnl\.so\.3: not found/);
  assert.match(empty.stdout, /^default: wasm, .*engine install onednn/m);
  mkdirSync(join(cache, "convoyant/onednn"), { recursive: true });
  const times = { "bfloat16 direct": 0.5, "float32 direct": 0.25 };
  const work = "conv2d bfloat16 8x96x26x26 256 5 5 1 1 2 2 1 1 1";
  writeFileSync(
    join(cache, "convoyant/onednn/autotuning.jsonl"),
    `${JSON.stringify({ machine: "oneDNN 9, a processor", work, chosen: "float32 direct", milliseconds: times })}\n`,
  );
  const { events } = await convoyant(["engine", "--size", "64", "--explain", "--json"], {
    env: { XDG_CACHE_HOME: cache, CONVOYANT_DNNL: "/nowhere/libdnnl.so.3" },
  });
  assert.deepEqual(
    events.find(({ event }) => event === "algorithm"),
    {
      event: "algorithm",
      machine: "oneDNN 9, a processor",
      work,
      chosen: "float32 direct",
      milliseconds: times,
    },
  );
});
