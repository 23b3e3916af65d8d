/** PyTorch on the exported weights, if there is a Python that has it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastWords, runBaseline } from "../../experiments/bench/baseline_process.ts";
import { baselinePlaces } from "../../experiments/bench/baselines.ts";
import { failureOf } from "../../io/formats/format_failure.ts";
import type { OnnxAttribute, OnnxGraph, OnnxTensor } from "../../io/formats/onnx/onnx_model.ts";
import { tensorArray } from "../../io/formats/onnx/onnx_tensor.ts";
import type { NetworkArchitecture } from "../../records/network_architecture.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { PYTORCH_PROGRAM } from "./pytorch_program.ts";
import type { Answers, Sample, Watch } from "./verification.ts";

/** What is computed. */
export interface PytorchTask {
  /** The shipped safetensors file. */
  readonly weights: Uint8Array;
  /** The network alone, as ONNX has it; null if ONNX cannot express it. */
  readonly graph: OnnxGraph | null;
  readonly architecture: NetworkArchitecture;
  readonly classes: number;
  readonly preprocessing: Preprocessing;
  readonly samples: readonly Sample[];
}

/** How long it may take to start, and for an image. */
const START_MS = 600_000;
const IMAGE_MS = 20_000;

/** The answers, and what computed them: "PyTorch 2.15.0 (torchvision resnet18)". */
export async function answersOfPytorch(
  task: PytorchTask,
  watch: Watch,
): Promise<{ name: string; answers: Answers }> {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-pytorch-"));
  try {
    const file = (name: string, content: string | Uint8Array) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    const given = {
      weights: file("model.safetensors", task.weights),
      samples: task.samples.map(({ bytes }, i) => file(`sample${i}`, bytes)),
      preprocessing: task.preprocessing,
      torchvision: torchvisionNetwork(task),
      graph: task.graph === null ? { nodes: [], constants: {} } : graphRecord(task.graph),
    };
    const program = file("verify.py", PYTORCH_PROGRAM);
    return await run(
      program,
      file("task.json", JSON.stringify(given)),
      (done) => watch(done, task.samples.length),
      START_MS + task.samples.length * IMAGE_MS,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  program: string,
  task: string,
  onDone: (images: number) => void,
  timeoutMs: number,
): Promise<{ name: string; answers: Answers }> {
  const command = baselinePlaces().python;
  let found: any = {};
  const onLine = (line: string) => {
    if (!line.startsWith("{")) return;
    found = JSON.parse(line);
    if ("done" in found) onDone(found.done);
  };
  const name = "PyTorch";
  try {
    const { code, errors, late } = await runBaseline(
      { command, args: [program, task] },
      { onLine, timeoutMs },
    );
    if (late) return { name, answers: { skipped: `${command} did not answer in time` } };
    if (code !== 0) return { name, answers: { skipped: `${command}: ${lastWords(errors)}` } };
  } catch (error) {
    return { name, answers: { skipped: (error as Error).message } };
  }
  if ("skipped" in found) return { name, answers: { skipped: found.skipped } };
  return { name: `${name} ${found.version} (${found.network})`, answers: { rows: found.rows } };
}

/** torchvision's name and options of a network that it has, too. */
function torchvisionNetwork({ architecture, classes }: PytorchTask): object | null {
  const { name, options } = architecture;
  const plain = name.replace(/^torchvision-/, "").replaceAll("-", "_");
  // The book's networks are called alexnet, googlenet and vgg, too: their weights would not fit.
  if (!/^[a-z0-9_]+$/.test(plain)) return null;
  const isGooglenet = plain === "googlenet";
  const auxiliary = isGooglenet ? { aux_logits: options.auxLogits ?? true, init_weights: false } : {};
  return { name: plain, options: { num_classes: classes, ...auxiliary } };
}

const DTYPES: Readonly<Record<string, string>> = {
  float32: "F32",
  float64: "F64",
  int64: "I64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** The graph as JSON. Large tensors are weights, which Python reads out of the shipped file by their names. */
function graphRecord(graph: OnnxGraph): object {
  const fail = failureOf("ONNX file", "model.onnx");
  const constant = (tensor: OnnxTensor) => {
    const { data, shape, dtype } = tensorArray(tensor, fail);
    return { shape, dtype: DTYPES[dtype] ?? "F32", data: Array.from(data as ArrayLike<number>, Number) };
  };
  const isSmall = ({ shape }: OnnxTensor) => shape.reduce((all, size) => all * size, 1) <= 4096;
  return {
    input: graph.inputs[0].name,
    output: graph.outputs[0].name,
    constants: Object.fromEntries(graph.initializers.filter(isSmall).map((one) => [one.name, constant(one)])),
    nodes: graph.nodes.map(({ opType, inputs, outputs, attributes }) => ({
      op: opType,
      inputs,
      outputs,
      attributes: Object.fromEntries(Array.from(attributes, ([key, one]) => [key, plainValue(one)])),
    })),
  };
}

function plainValue({ type, value }: OnnxAttribute): unknown {
  return ["float", "int", "string", "floats", "ints", "strings"].includes(type) ? value : null;
}
