/** Collects the nodes and tensors of an ONNX graph under names that are its own. */
import { arrayFrom, type DType } from "../../base/dtype.ts";
import type {
  OnnxAttribute,
  OnnxGraph,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from "../../io/formats/onnx/onnx_model.ts";
import { dataTypeOf, onnxTensor } from "../../io/formats/onnx/onnx_tensor.ts";
import type { NamedArray } from "../../io/safetensors/safetensors.ts";
import { int, type OnnxSize, type OnnxWriter } from "../../ops/onnx/conversion.ts";

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Longer lists of numbers are not looked for among those that are there already. */
const LONGEST_SHARED = 64;

/** The name of the size that is left open for the batch. */
const BATCH = "N";

/** A graph that is being written. */
export class GraphWriter implements OnnxWriter {
  readonly opset: number;
  /** Path of the layer whose nodes are written; it is part of their names. */
  scope = "";
  readonly #outside: GraphWriter | null;
  readonly #names: Set<string>;
  readonly #tensors: OnnxTensor[];
  readonly #constants: Map<string, string>;
  readonly #nodes: OnnxNode[] = [];
  readonly #inputs: OnnxValueInfo[] = [];
  #batch: string | null = null;

  /** @param outside - the graph in which this one is a branch: it sees that one's values, and its constants stand there. */
  constructor(opset: number, outside: GraphWriter | null = null) {
    this.opset = opset;
    this.#outside = outside;
    this.#names = outside === null ? new Set() : outside.#names;
    this.#tensors = outside === null ? [] : outside.#tensors;
    this.#constants = outside === null ? new Map() : outside.#constants;
  }

  input(name: string, dtype: DType, shape: readonly OnnxSize[] | readonly (number | string)[]): string {
    const own = this.fresh(name);
    const sizes = shape.map((size) => (typeof size === "object" ? openSize(size) : size));
    this.#inputs.push({ name: own, dataType: dataTypeOf(dtype), shape: sizes });
    return own;
  }

  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(operator, inputs, attributes, 1)[0];
  }

  nodes(operator: string, inputs: readonly string[], attributes: Attributes, outputs: number): string[] {
    const name = this.fresh(this.scope === "" ? operator : `${this.scope}/${operator}`);
    const made = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : this.fresh(`${name}.${i}`)));
    const settings = new Map(Object.entries(attributes));
    this.#nodes.push({
      name,
      opType: operator,
      domain: "",
      inputs,
      outputs: made,
      attributes: settings,
    });
    return made;
  }

  /** A tensor of the file, such as a weight, under a name that `fresh` gave. */
  tensor(name: string, array: NamedArray): void {
    this.#tensors.push(onnxTensor(name, array));
  }

  constant(values: readonly number[], shape: readonly number[], dtype: DType): string {
    const key = values.length > LONGEST_SHARED ? null : `${dtype} [${shape}] ${values.map(exactText)}`;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh("constant");
    this.tensor(name, { data: arrayFrom(dtype, values), shape: [...shape], dtype });
    if (key !== null) this.#constants.set(key, name);
    return name;
  }

  shape(sizes: readonly OnnxSize[]): string {
    if (sizes.every((size) => typeof size === "number"))
      return this.constant([...sizes], [sizes.length], "int64");
    const parts = sizes.map((size) => {
      if (typeof size === "number") return this.constant([size], [1], "int64");
      const batch = this.#batchSize();
      return size.times === 1 ? batch : this.node("Mul", [batch, this.constant([size.times], [1], "int64")]);
    });
    return parts.length === 1 ? parts[0] : this.node("Concat", parts, { axis: int(0) });
  }

  /**
   * The graph with one result.
   *
   * @param value - the name of what it gives.
   * @param name - under which it gives it.
   */
  graph(
    title: string,
    value: string,
    name: string,
    dtype: DType,
    shape: readonly OnnxSize[] | undefined,
  ): OnnxGraph {
    const output = this.fresh(name);
    const isOwn = this.#nodes.some(({ outputs }) => outputs.includes(value));
    if (!isOwn) this.node("Identity", [value]);
    const computed = isOwn ? value : (this.#nodes.at(-1) as OnnxNode).outputs[0];
    const own = (one: string) => (one === computed ? output : one);
    return {
      name: title,
      nodes: this.#nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(own),
        outputs: node.outputs.map(own),
      })),
      initializers: this.#outside === null ? this.#tensors : [],
      inputs: this.#inputs,
      outputs: [{ name: output, dataType: dataTypeOf(dtype), shape: shape?.map(openSize) }],
      valueInfos: [],
      docString: "",
    };
  }

  #batchSize(): string {
    if (this.#batch !== null) return this.#batch;
    const [start, end, axis] = [0, 1, 0].map((one) => this.constant([one], [1], "int64"));
    const shape = this.node("Shape", [this.#inputs[0].name]);
    this.#batch = this.node("Slice", [shape, start, end, axis]);
    return this.#batch;
  }

  /** The name, or the name with the first number that makes it new; nothing else gets it afterwards. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }
}

/** A recorded size in a file. */
function openSize(size: OnnxSize): number | string {
  if (typeof size === "number") return size;
  return size.times === 1 ? BATCH : `${size.times}${BATCH}`;
}

const exactText = (value: number) => (Object.is(value, -0) ? "-0" : String(value));
