import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type BaselinePlaces,
  baselinePlaces,
  type Contender,
  inferenceContenders,
  matmulContenders,
  parseBaselines,
  runContender,
  runInterleaved,
  trainingContenders,
} from "../../../src/experiments/bench/baselines.ts";
import { bestOf, bestTable } from "../../../src/experiments/bench/bench_best.ts";
import {
  type BenchLine,
  formatBench,
  median,
  medianLine,
  ratiosOf,
} from "../../../src/experiments/bench/bench_lines.ts";
import { plainGraph } from "../../../src/experiments/bench/plain_graph.ts";
import { models, stopEngine } from "../../../src/index.ts";
import { onnxFile } from "../../../src/interop/onnx/export_onnx.ts";

const line = (more: Partial<BenchLine>): BenchLine => ({
  event: "bench",
  library: "convoyant",
  engine: "wasm",
  net: "lenet",
  precision: "f32",
  batch: 256,
  threads: 2,
  examplesPerSecond: 9000,
  firstStepSeconds: 0.4,
  rssMb: 200,
  ...more,
});

test("the median is the middle value", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(
    medianLine([
      line({ examplesPerSecond: 1 }),
      line({ examplesPerSecond: 9 }),
      line({ examplesPerSecond: 2 }),
    ]),
    line({ examplesPerSecond: 2, rounds: 3 }),
  );
});

test("ratios compare with a baseline at our number of threads, or at the most it has", () => {
  const lines = [
    line({}),
    line({ library: "pytorch", engine: "eager", examplesPerSecond: 10_000 }),
    line({ library: "jax-js", threads: 1, examplesPerSecond: 100 }),
    line({ library: "jax-js", threads: 2, examplesPerSecond: 180 }),
    line({ library: "tfjs", engine: "cpu", threads: 1, examplesPerSecond: 12 }),
    line({ library: "pytorch", engine: "eager", net: "bn-lenet", examplesPerSecond: 1 }),
    line({ library: "pytorch", engine: "eager", precision: "bf16", examplesPerSecond: 1 }),
  ];
  const found = ratiosOf(lines).map((each) => [each.against, each.againstThreads, each.ratio]);
  assert.deepEqual(found, [
    ["pytorch", 2, 0.9],
    ["jax-js", 2, 50],
    ["tfjs", 1, 750],
  ]);
});

test("the table names metrics, ratios, the planner's share and what was left out", () => {
  const text = formatBench(
    [
      line({ planShare: 0.021, recordShare: 0.03 }),
      line({ library: "pytorch", engine: "eager", examplesPerSecond: 10_000 }),
    ],
    [{ event: "skip", library: "tfjs", engine: "cpu", net: "lenet", reason: "not installed" }],
  ).join("\n");
  assert.match(text, /^what +library +engine +threads +examples\/s +first step s +MB\n/);
  assert.match(text, /lenet f32 +convoyant +wasm +2 +9000 +0\.40 +200\n/);
  assert.match(text, /lenet f32: wasm reaches 0\.9x pytorch \(eager\)/);
  assert.match(text, /takes 2\.1% of a step, recording the operations 3\.0% \(wasm\)/);
  assert.match(text, /left out: lenet on tfjs cpu: not installed$/);
});

test("several rounds are one line: medians, and the spread over all windows", () => {
  const found = medianLine([
    line({ lowest: 8, highest: 12, windows: 5 }),
    line({ lowest: 7, highest: 11, windows: 5 }),
    line({ lowest: 9, highest: 14, windows: 5 }),
  ]);
  assert.deepEqual([found.lowest, found.highest, found.rounds], [7, 14, 3]);
});

test("the closing table meets each library in its fastest mode, precision by precision", () => {
  const pytorch = (engine: string, precision: string, examplesPerSecond: number) =>
    line({ library: "pytorch", engine, precision, examplesPerSecond, rssMb: 800 });
  const lines = [
    line({}),
    line({ precision: "bf16", engine: "onednn", examplesPerSecond: 30_000, rssMb: 160 }),
    pytorch("eager", "f32", 10_000),
    pytorch("compile", "f32", 18_000),
    pytorch("channels-last", "bf16", 12_000),
    line({ library: "tfjs", engine: "cpu", threads: 1, examplesPerSecond: 12, rssMb: 100 }),
    line({ net: "nin", examplesPerSecond: 40 }),
  ];
  assert.deepEqual(
    bestOf(lines).map((each) => [
      each.precision,
      each.against,
      each.againstEngine,
      each.ratio,
      each.memoryRatio,
    ]),
    [
      ["f32", "pytorch", "compile", 0.5, 0.25],
      ["f32", "tfjs", "cpu", 750, 2],
      ["bf16", "pytorch", "channels-last", 2.5, 0.2],
    ],
  );
  const text = bestTable(lines).join("\n");
  assert.match(text, /^what +precision +against +our engine +ours +theirs +ratio +memory\n/);
  assert.match(text, /\nlenet +bf16 +pytorch \(channels-last\) +onednn +30000 +12000 +2\.5x +0\.2x$/);
  assert.deepEqual(bestTable([line({})]), [], "nothing to compare with");
});

test("inference is compared with inference only", () => {
  const infer = { net: "resnet18", task: "infer" };
  const lines = [
    line({ net: "resnet18", examplesPerSecond: 10 }),
    line({ ...infer, examplesPerSecond: 40 }),
    line({ library: "pytorch", engine: "eager", net: "resnet18", examplesPerSecond: 8 }),
    line({ library: "pytorch", engine: "eager", ...infer, examplesPerSecond: 20 }),
  ];
  assert.deepEqual(
    ratiosOf(lines).map(({ net, task, ratio }) => [net, task, ratio]),
    [
      ["resnet18", undefined, 1.25],
      ["resnet18", "infer", 2],
    ],
  );
  assert.match(formatBench(lines, []).join("\n"), /\nresnet18 infer f32: wasm reaches 2x pytorch \(eager\)/);
  assert.match(bestTable(lines).join("\n"), /\nresnet18 infer +f32 +pytorch \(eager\)/);
});

after(() => stopEngine());

test("a network as plain data: its operators in order, and all of its numbers", async () => {
  const net = models.lenet();
  const file = await onnxFile({ net, input: [1, 1, 28, 28], preprocessing: null, classNames: null });
  const { graph, numbers } = plainGraph(file, "lenet.onnx");
  assert.deepEqual(
    graph.nodes.map(({ op }) => op).filter((op) => op === "Conv" || op === "Gemm"),
    ["Conv", "Conv", "Gemm", "Gemm", "Gemm"],
  );
  const made = new Set([graph.input, ...graph.tensors.map(({ name }) => name)]);
  for (const { inputs, outputs } of graph.nodes) {
    for (const name of inputs) assert.ok(name === "" || made.has(name), name);
    for (const name of outputs) made.add(name);
  }
  assert.ok(made.has(graph.output));
  const [weight] = net.parameters();
  const same = graph.tensors.find(({ shape }) => shape.join() === weight.shape.join());
  assert.ok(same);
  const { buffer, byteOffset } = numbers;
  assert.deepEqual(
    Array.from(new Float32Array(buffer.slice(byteOffset + same.offset), 0, same.length)),
    Array.from(await weight.data(), Number),
  );
});

test("--against names libraries, and a wrong name is answered with the right one", () => {
  assert.deepEqual(parseBaselines("pytorch, jax-js"), ["pytorch", "jax-js"]);
  assert.deepEqual(parseBaselines("none"), []);
  assert.throws(() => parseBaselines("pytorhc"), /unknown library "pytorhc".*did you mean "pytorch"\?/);
});

test("the baselines' folder and Python follow the environment", () => {
  const places = baselinePlaces({ CONVOYANT_BASELINES: "/p", CONVOYANT_BASELINES_PYTHON: "/q/python" });
  assert.equal(places.folder, "/p");
  assert.equal(places.python, "/q/python");
  assert.match(baselinePlaces({ XDG_CACHE_HOME: "/c" }).folder, /^\/c.convoyant.baselines$/);
});

describe("programs", () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-baselines-"));
  const places: BaselinePlaces = { folder, python: process.execPath, programs: folder };
  const program = (name: string, text: string): Contender => {
    writeFileSync(join(folder, name), text);
    return {
      library: "fake",
      engine: name,
      net: "lenet",
      command: process.execPath,
      args: [join(folder, name)],
    };
  };
  const result = JSON.stringify(line({ library: "fake", engine: "x" }));

  before(() => {
    mkdirSync(join(folder, "node_modules/@jax-js/jax"), { recursive: true });
    const echo = `const given = process.argv.slice(2);
      console.log(JSON.stringify({ event: "bench", library: "fake", given, baselines: process.env.CONVOYANT_BASELINES }));`;
    for (const name of [
      "pytorch_train.py",
      "jax_js_train.mjs",
      "jax_js_matmul.mjs",
      "tfjs_wasm_matmul.mjs",
    ]) {
      writeFileSync(
        join(folder, name),
        name.endsWith(".py") ? echo.replaceAll("console", "globalThis.console") : echo,
      );
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("a result is found among whatever else is printed", async () => {
    const text = `console.log("warming up"); console.log("{not json"); console.log('${result}'); console.log("bye");`;
    assert.deepEqual(await runContender(program("good.mjs", text)), line({ library: "fake", engine: "x" }));
  });

  test("a program that fails, says nothing, hangs or does not exist is skipped with the reason", async () => {
    const reason = async (contender: Contender, timeoutMs?: number) => {
      const found = await runContender(contender, { timeoutMs });
      assert.equal(found.event, "skip");
      return found.event === "skip" ? found.reason : "";
    };
    assert.equal(
      await reason(program("fails.mjs", 'throw new TypeError("no such backend");')),
      "TypeError: no such backend",
    );
    assert.equal(await reason(program("silent.mjs", "")), "it printed no result");
    assert.equal(
      await reason(program("hangs.mjs", "setInterval(() => {}, 1000);"), 400),
      "it did not end within 0.4 s",
    );
    const nothing = `console.log(JSON.stringify({ event: "absent", reason: "no fast bf16" }))`;
    assert.deepEqual(await runContender({ ...program("none.mjs", nothing), precision: "bf16" }), {
      ...{ event: "skip", library: "fake", engine: "none.mjs", net: "lenet", precision: "bf16" },
      ...{ reason: "no fast bf16", absent: true },
    });
    const absent = { ...program("absent.mjs", ""), command: join(folder, "no-such-program") };
    assert.match(await reason(absent), /no-such-program could not be started/);
    assert.equal(await reason({ ...absent, missing: "not installed" }), "not installed");
  });

  test("contenders run alternately, and each gets its medians", async () => {
    const counted = (name: string, speeds: number[]) =>
      program(
        name,
        `import { appendFileSync, readFileSync } from "node:fs";
        const path = ${JSON.stringify(join(folder, "order.txt"))};
        appendFileSync(path, "${name} ");
        const turn = readFileSync(path, "utf8").split("${name}").length - 2;
        console.log(JSON.stringify({ ...${result}, examplesPerSecond: ${JSON.stringify(speeds)}[turn] }));`,
      );
    const started: string[] = [];
    const lines = await runInterleaved(
      [
        counted("a.mjs", [10, 30, 20]),
        { ...program("b.mjs", ""), missing: "gone" },
        counted("c.mjs", [1, 2, 9]),
      ],
      { rounds: 3, onStart: ({ engine }, round) => started.push(`${engine}${round}`) },
    );
    assert.deepEqual(started, ["a.mjs1", "c.mjs1", "a.mjs2", "c.mjs2", "a.mjs3", "c.mjs3"]);
    assert.deepEqual(
      lines.map((each) => (each.event === "bench" ? each.examplesPerSecond : each.reason)),
      [20, "gone", 2],
    );
  });

  test("no round begins that would end after there is enough", async () => {
    const rounds = async (enough: number) => {
      const started: number[] = [];
      const short = program("short.mjs", `console.log('${JSON.stringify(line({}))}');`);
      await runInterleaved([short], { rounds: 3, enough, onStart: (_, round) => started.push(round) });
      return started;
    };
    assert.deepEqual(await rounds(0), [1], "the first always begins");
    assert.deepEqual(await rounds(600), [1, 2, 3]);
  });

  test("an abort ends the program that runs", async () => {
    const stop = new AbortController();
    const hanging = runContender(program("waits.mjs", "setInterval(() => {}, 1000);"), {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(new Error("stopped")), 200);
    await assert.rejects(hanging, /stopped/);
  });

  test("training: the settings reach the programs, and what is not installed is named", async () => {
    const settings = { threads: 2, batch: 64, windows: 3, seconds: 0.5 };
    const contenders = trainingContenders(["pytorch", "jax-js", "tfjs"], "lenet", "f32", settings, places);
    assert.deepEqual(
      contenders.map(({ library, engine }) => `${library} ${engine}`),
      ["pytorch eager", "pytorch channels-last", "jax-js wasm", "tfjs cpu"],
    );
    const jax: any = await runContender(contenders[2]);
    assert.equal(jax.given.join(" "), "--net lenet --batch 64 --windows 3 --seconds 0.5 --threads 2");
    assert.equal(jax.baselines, folder);
    const args = contenders[1].args.slice(1).join(" ");
    assert.equal(
      args,
      "--net lenet --batch 64 --windows 3 --seconds 0.5 --threads 2 --mode channels-last --precision f32",
    );
    assert.match(
      contenders[3].missing ?? "",
      /its program in bench\/baselines is only in a clone of the repository/,
    );
    const [other] = trainingContenders(["jax-js"], "bn-lenet", "f32", settings, places);
    assert.match(other.missing ?? "", /lenet in f32 only/);
  });

  test("inference: PyTorch in each mode, and the others by name", () => {
    const settings = { threads: 2, batch: 32, pytorchModes: ["compile"] as const };
    const contenders = inferenceContenders(["pytorch", "jax-js"], "resnet18", "f32", settings, places);
    const [pytorch, jax] = contenders;
    assert.deepEqual(pytorch.args, [
      join(folder, "pytorch_infer.py"),
      ..."--net resnet18 --batch 32 --threads 2 --mode compile --precision f32".split(" "),
    ]);
    assert.deepEqual([pytorch.net, pytorch.task], ["resnet18", "infer"]);
    assert.match(jax.missing ?? "", /inference is not measured/);
  });

  test("inference: TensorFlow.js on the network's plain data", () => {
    const model = { onnx: "/tmp/lenet.onnx", inputShape: [1, 28, 28] };
    const [tfjs] = inferenceContenders(["tfjs"], "lenet", "f32", { threads: 1, model }, places);
    assert.deepEqual([tfjs.library, tfjs.engine], ["tfjs", "wasm"]);
    assert.equal(
      tfjs.args.slice(1).join(" "),
      "--net lenet --model /tmp/lenet.onnx --shape 1x28x28 --threads 1",
    );
  });

  test("inference: ONNX Runtime on the network's file, in f32 only, and nothing else", () => {
    const model = { onnx: "/tmp/lenet.onnx", inputShape: [1, 28, 28] };
    const names = ["onnxruntime", "onnxruntime-web"] as const;
    const found = inferenceContenders(names, "lenet", "f32", { threads: 2, batch: 1, model }, places);
    assert.deepEqual(
      found.map(({ library, engine, task }) => [library, engine, task]),
      [
        ["onnxruntime", "cpu", "infer"],
        ["onnxruntime-web", "wasm", "infer"],
      ],
    );
    assert.equal(
      found[0].args.slice(1).join(" "),
      "--runtime onnxruntime --net lenet --model /tmp/lenet.onnx --shape 1x28x28 --batch 1 --threads 2",
    );
    const half = inferenceContenders(["onnxruntime"], "lenet", "bf16", { threads: 2, model }, places);
    assert.match(half[0].missing ?? "", /f32 only/);
    const training = trainingContenders(["onnxruntime"], "lenet", "f32", { threads: 2 }, places);
    assert.match(training[0].missing ?? "", /inference only/);
    const products = matmulContenders(["onnxruntime-web"], 8, "f32", { threads: 2 }, places);
    assert.match(products[0].missing ?? "", /inference only/);
  });

  test("matmul: one program each", async () => {
    const contenders = matmulContenders(["jax-js", "tfjs"], 512, "f32", { threads: 1 }, places);
    const jax: any = await runContender(contenders[0]);
    assert.equal(jax.given.join(" "), "--size 512 --threads 1");
    assert.match(contenders[1].missing ?? "", /@tensorflow\/tfjs is not in .*bench\/README\.md/);
    const half = matmulContenders(["pytorch", "jax-js"], 512, "bf16", { threads: 1 }, places);
    assert.match(half[0].args.join(" "), /--precision bf16/);
    assert.equal(half[1].missing, "it is measured in f32 only");
  });
});
