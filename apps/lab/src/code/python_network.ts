/**
 * A network of code as one in Python: its modules as PyTorch makes them, under the same names, and each forward pass that is
 * a person's own as the ops that a call of it recorded.
 */
import { fromTypedArray, nn, noGrad, Tensor } from "convoyant";
import { LabError } from "../worker/problem.ts";
import { BATCH, constantOf, expressionOf } from "./python_ops.ts";
import { type RecordedNode, type RecordedValue, sameValue, valueOf } from "./recorded_values.ts";

/** A call of a module, with the calls that it made itself. */
interface Call {
  readonly module: nn.Module;
  readonly inputs: readonly RecordedValue[];
  readonly calls: Call[];
  output: RecordedValue | null;
}

/**
 * Python that defines the network and names it `net`.
 *
 * @param shape - of an image: channels, height, width.
 * @throws LabError "cannot export" with what cannot be written, and in which module.
 */
export function pythonNetwork(net: nn.Module, shape: readonly number[]): string {
  const paths = new Map(net.namedModules().map(([path, module]) => [module, path]));
  const evaluated = new PythonWriter(net, paths, recordedCalls(net, shape, false)).text();
  const trained = written(() => new PythonWriter(net, paths, recordedCalls(net, shape, true)).text());
  if (trained === evaluated) return evaluated;
  return `# As it is in evaluation. In training it does something else, which a recording does not show (dropout by a function?).\n${evaluated}`;
}

/** Null if it cannot be written. */
function written(work: () => string): string | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

const cannot = (why: string): LabError =>
  new LabError("cannot export", `this network cannot be written in Python: ${why}. Export it as ONNX`);

/** Calls the network once, and notes which module called which with what. */
function recordedCalls(net: nn.Module, shape: readonly number[], training: boolean): Map<nn.Module, Call> {
  const found = new Map<nn.Module, Call>();
  const open: Call[] = [];
  const handles = net.namedModules().flatMap(([path, module]) => [
    module.registerForwardPreHook((_module: nn.Module, given: unknown) => {
      const inputs = Array.isArray(given) ? given : [given];
      if (!inputs.every((one) => one instanceof Tensor))
        throw cannot(`${path || "the network"} is called with something that is not a tensor`);
      const call: Call = { module, inputs: inputs.map(valueOf), calls: [], output: null };
      open.at(-1)?.calls.push(call);
      open.push(call);
    }),
    module.registerForwardHook((_module: nn.Module, _given: unknown, output: unknown) => {
      const call = open.pop() as Call;
      if (!(output instanceof Tensor)) throw cannot(`${path || "the network"} does not give one tensor`);
      // Dropout in evaluation gives what it was given: its result becomes one of its own.
      const own = call.inputs.includes(valueOf(output)) ? output.mul(1) : output;
      call.output = valueOf(own);
      if (!found.has(module)) found.set(module, call);
      return own;
    }),
  ]);
  const wasTraining = net.training;
  try {
    net.train(training);
    const images = new Float32Array(BATCH * shape.reduce((a, b) => a * b, 1));
    const x = fromTypedArray(images, [BATCH, ...shape], "float32");
    noGrad(() => void net(x));
    return found;
  } finally {
    net.train(wasTraining);
    for (const handle of handles) handle.remove();
  }
}

/** Whether it is a class of the library whose text is a call of PyTorch's constructor. */
function isLayer(module: nn.Module): boolean {
  const known = (nn as unknown as Record<string, { readonly prototype?: unknown } | undefined>)[
    module.constructor.name
  ];
  return known?.prototype === Object.getPrototypeOf(module);
}

const isSequential = (module: nn.Module): boolean =>
  isLayer(module) && module.constructor.name === "Sequential";
const isList = (module: nn.Module): boolean => isLayer(module) && module.constructor.name === "ModuleList";

const KEYWORDS: ReadonlySet<string> = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);
const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text) && !KEYWORDS.has(text);

class PythonWriter {
  readonly #net: nn.Module;
  readonly #paths: ReadonlyMap<nn.Module, string>;
  readonly #calls: ReadonlyMap<nn.Module, Call>;
  readonly #parameters = new Map<RecordedValue, string>();
  /** Texts of classes with their names. */
  readonly #classes = new Map<string, string>();
  readonly #made = new Set<nn.Module>();

  constructor(net: nn.Module, paths: ReadonlyMap<nn.Module, string>, calls: ReadonlyMap<nn.Module, Call>) {
    this.#net = net;
    this.#paths = paths;
    this.#calls = calls;
    for (const [name, tensor] of [...net.namedParameters(), ...net.namedBuffers()])
      this.#parameters.set(valueOf(tensor), name);
  }

  text(): string {
    const net = this.#make(this.#net, "");
    return [
      ...[...this.#classes].map(([text, name]) => `class ${name}(nn.Module):\n${text}\n\n`),
      `net = ${net}`,
    ].join("\n");
  }

  /** The expression that makes a module. */
  #make(module: nn.Module, indent: string): string {
    const path = this.#paths.get(module) ?? "";
    if (this.#made.has(module)) throw cannot(`${path} stands in the network more than once`);
    this.#made.add(module);
    const children = module.namedChildren();
    const isRow = isSequential(module) && children.every(([name], i) => name === String(i));
    if (isRow || isList(module)) {
      const inner = children.map(([, child]) => `${indent}    ${this.#make(child, `${indent}    `)},`);
      const [open, close] = isRow ? ["nn.Sequential(", ")"] : ["nn.ModuleList([", "])"];
      return [open, ...inner, `${indent}${close}`].join("\n");
    }
    if (isLayer(module) && children.length === 0) return `nn.${module}`;
    return `${this.#classOf(module, path)}()`;
  }

  #classOf(module: nn.Module, path: string): string {
    const lines = ["    def __init__(self):", "        super().__init__()"];
    const inside = path === "" ? "" : `${path}.`;
    const isOwn = ([name]: readonly [string, unknown]) =>
      name.startsWith(inside) && !name.slice(inside.length).includes(".");
    for (const [name, child] of module.namedChildren()) {
      const made = this.#make(child, "        ");
      lines.push(
        `        ${isName(name) ? `self.${name} = ${made}` : `self.add_module(${JSON.stringify(name)}, ${made})`}`,
      );
    }
    for (const [name, tensor] of this.#net.namedParameters().filter(isOwn))
      lines.push(
        `        self.${attribute(name.slice(inside.length))} = nn.Parameter(torch.zeros(${size(tensor)}))  # its values are in the exported weights`,
      );
    for (const [name, tensor] of this.#net.namedBuffers().filter(isOwn))
      lines.push(
        `        self.register_buffer("${attribute(name.slice(inside.length))}", torch.zeros(${size(tensor)}))`,
      );
    lines.push("", ...this.#forward(module, path));
    const text = lines.join("\n");
    const known = this.#classes.get(text);
    if (known !== undefined) return known;
    const wanted = isName(module.constructor.name) ? module.constructor.name : "Network";
    const taken = new Set([...this.#classes.values(), "nn", "torch", "F"]);
    let name = wanted;
    for (let i = 2; taken.has(name); i++) name = `${wanted}${i}`;
    this.#classes.set(text, name);
    return name;
  }

  /** What the first call of a module did. */
  #forward(module: nn.Module, path: string): string[] {
    const call = this.#calls.get(module);
    if (call === undefined)
      return ["    def forward(self, *inputs):", '        raise NotImplementedError("it was not called")'];
    const names = new Map<RecordedValue, string>();
    const given = call.inputs.map((value, i) => {
      const name = call.inputs.length === 1 ? "x" : `x${i + 1}`;
      names.set(value, name);
      return name;
    });
    const lines: string[] = [];
    let count = 0;
    const named = (value: RecordedValue, expression: string) => {
      const name = `v${++count}`;
      lines.push(`        ${name} = ${expression}`);
      names.set(value, name);
      return name;
    };
    const nameOf = (given: RecordedValue): string => {
      const value = sameValue(given);
      const known = names.get(value);
      if (known !== undefined) return known;
      const parameter = this.#parameters.get(value);
      if (parameter !== undefined) return this.#access(parameter, path);
      const constant = constantOf(value);
      if (constant !== null) return constant;
      const made = call.calls.find(({ output }) => output === value);
      if (made !== undefined) {
        const to = this.#access(this.#paths.get(made.module) ?? "", path);
        return named(value, `${to}(${made.inputs.map(nameOf).join(", ")})`);
      }
      return named(value, this.#op(value, nameOf, path));
    };
    const output = nameOf(call.output as RecordedValue);
    return [`    def forward(self, ${given.join(", ")}):`, ...lines, `        return ${output}`];
  }

  #op({ node }: RecordedValue, nameOf: (value: RecordedValue) => string, path: string): string {
    const where = path === "" ? "its forward pass" : `the forward pass of ${path}`;
    if (node === null) throw cannot(`${where} takes a tensor that is no parameter and no buffer`);
    const expression = expressionOf(node as RecordedNode, node.inputs.map(nameOf));
    if (expression === null)
      throw cannot(`${where} has a step, ${node.op.name}, that has no counterpart here`);
    return expression;
  }

  /** `conv.0.weight` as `self.conv[0].weight`, from inside the module at `from`. */
  #access(to: string, from: string): string {
    const inside = from === "" ? "" : `${from}.`;
    if (!to.startsWith(inside) || to === from) throw cannot(`${from} takes ${to}, which is outside of it`);
    return to
      .slice(inside.length)
      .split(".")
      .reduce(
        (text, part) =>
          /^\d+$/.test(part)
            ? `${text}[${part}]`
            : isName(part)
              ? `${text}.${part}`
              : `getattr(${text}, ${JSON.stringify(part)})`,
        "self",
      );
  }
}

function attribute(name: string): string {
  if (!isName(name)) throw cannot(`${name} cannot be the name of a parameter`);
  return name;
}

const size = (tensor: Tensor): string => (tensor.shape.length === 0 ? "()" : tensor.shape.join(", "));
