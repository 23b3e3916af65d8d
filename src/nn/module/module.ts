/** The base of every network and layer. */

import { type DType, isFloating } from "../../base/dtype.ts";
import { ArgumentError, DTypeError } from "../../base/errors.ts";
import { orderedRecord } from "../../base/key_order.ts";
import { markCopy } from "../../base/package_copies.ts";
import { CallableObject, guardSubclass } from "../../base/params/callable.ts";
import { printAs } from "../../base/printed_form.ts";
import { shownText } from "../../base/shown_value.ts";
import type { HookHandle } from "../../tensor/properties.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { type ForwardHook, type ForwardPreHook, type FullBackwardHook, ModuleHooks } from "./hooks.ts";
import { callModule, Members, type OwnTensors } from "./module_internals.ts";
import { formatModule } from "./module_text.ts";
import { joinPath } from "./names.ts";
import { ParameterTensor } from "./parameter.ts";
import { convert, type LoadResult, loadInto, type StateDict } from "./state_dict.ts";
import { noteHandled } from "./unregistered.ts";

/**
 * A network or a part of one: extend it, make the parts in the constructor, and say in `forward` how they
 * work together. Its instances are called like functions.
 *
 * Parameters and modules that are assigned to properties are found by themselves, in order of definition.
 *
 * @example
 * ```ts
 * class Classifier extends nn.Module {
 *   conv = nn.Conv2d(1, 6, 5);
 *   linear = nn.Linear(6 * 24 * 24, 10);
 *
 *   override forward(x: Tensor) {
 *     return this.linear(this.conv(x).relu().flatten(1));
 *   }
 * }
 * const classifier = new Classifier();
 * classifier(randn(8, 1, 28, 28)).shape; // [8, 10]
 * Object.keys(classifier.stateDict()); // ["conv.weight", "conv.bias", "linear.weight", "linear.bias"]
 * ```
 */
export class Module extends CallableObject {
  /** Whether the module behaves as in training (dropout, batch norm). Change it with `train()` and `eval()`. */
  training = true;
  readonly #members: Members = new Members(this);
  readonly #hooks = new ModuleHooks();
  #isChangingMode = false;

  /** @internal */
  get members(): Members {
    return this.#members;
  }

  /** @internal */
  get hooks(): ModuleHooks {
    return this.#hooks;
  }

  /** What the module computes. Call the module instead, which runs the hooks as well. */
  forward(..._inputs: any[]): any {
    throw new ArgumentError(
      `${this.constructor.name}: forward() is not defined; write \`forward(x) { ... }\` in the class`,
    );
  }

  /** @internal */
  override invoke(args: unknown[]): unknown {
    return callModule(this, args);
  }

  /** Whether the module waits for its first input to know the shapes of its parameters. */
  get isLazy(): boolean {
    return false;
  }

  /** @internal What a lazy layer does at its first call. */
  materialize(_inputs: readonly unknown[]): void {}

  /** @internal Gives a lazy layer its parameters for weights that are about to be loaded. */
  materializeFrom(_stateDict: StateDict, _path: string): void {}

  /** @internal Throws if the module has no parameters yet. */
  requireParameters(_path: string): void {}

  /** The settings in the printed form, between the parentheses. */
  extraRepr(): string {
    return "";
  }

  /** The printed form of PyTorch. */
  override toString(): string {
    return formatModule(this);
  }

  /**
   * Adds a tensor that is saved but not trained (a running mean), under the name it has in a state dict; it
   * becomes a property with that name in camelCase.
   *
   * @param tensor - null keeps the name for later.
   * @param persistent - whether it appears in state dicts.
   */
  registerBuffer(name: string, tensor: Tensor | null, persistent = true): void {
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new ArgumentError(`registerBuffer: expected \`${name}\` to be a Tensor or null`);
    }
    this.#members.registerBuffer("registerBuffer", name, tensor, persistent);
  }

  /** Adds a parameter under the name it has in a state dict, as a property with that name in camelCase. */
  registerParameter(name: string, parameter: ParameterTensor | null): void {
    if (parameter !== null && !(parameter instanceof ParameterTensor)) {
      throw new ArgumentError(`registerParameter: expected \`${name}\` to be an nn.Parameter or null`);
    }
    this.#members.registerParameter("registerParameter", name, parameter);
  }

  /** Adds a child under a name, as assigning it to a property does. */
  addModule(name: string, module: Module): void {
    if (!(module instanceof Module))
      throw new ArgumentError(`addModule: expected \`${name}\` to be a module`);
    this.#members.addModule("addModule", name, module);
  }

  /** Adds a child under a name; the same as assigning it to a property. */
  registerModule(name: string, module: Module): void {
    this.addModule(name, module);
  }

  /** @internal Parameters and buffers of this module alone. */
  ownTensors(): OwnTensors {
    return this.#members.tensors();
  }

  /** @internal Direct children under all their names: one that has two names comes twice. */
  ownModules(): [string, Module][] {
    return this.#members.modules();
  }

  /** Direct children with their names, each once. */
  namedChildren(): [string, Module][] {
    const seen = new Set<Module>();
    return this.ownModules().filter(([, module]) => !seen.has(module) && seen.add(module));
  }

  /** The modules directly inside this one, in order. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /**
   * This module and everything below it with their paths (its own is `prefix`), each once.
   *
   * @param memo - modules that have been listed already, and are left out.
   */
  namedModules(prefix = "", memo: Set<Module> = new Set()): [string, Module][] {
    if (memo.has(this)) return [];
    memo.add(this);
    noteHandled(this);
    const found: [string, Module][] = [[prefix, this]];
    for (const [name, child] of this.ownModules())
      for (const below of child.namedModules(joinPath(prefix, name), memo)) found.push(below);
    return found;
  }

  /** This module and all inside it, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * All parameters with their names, each once.
   *
   * @throws ArgumentError if a lazy layer has not seen an input yet.
   */
  namedParameters(prefix = "", recurse = true): [string, ParameterTensor][] {
    const found = new Map<ParameterTensor, string>();
    for (const [path, module] of recurse
      ? this.namedModules(prefix)
      : ([[prefix, this]] as [string, Module][])) {
      module.requireParameters(path);
      for (const [key, parameter] of module.ownTensors().parameters) {
        if (!found.has(parameter)) found.set(parameter, joinPath(path, key));
      }
    }
    return [...found].map(([parameter, name]) => [name, parameter]);
  }

  /** All parameters, each once: what an optimiser takes. */
  parameters(recurse = true): ParameterTensor[] {
    return this.namedParameters("", recurse).map(([, parameter]) => parameter);
  }

  /** All buffers (running statistics and the like) with their names, each once. */
  namedBuffers(prefix = "", recurse = true): [string, Tensor][] {
    const found = new Map<Tensor, string>();
    for (const [path, module] of recurse
      ? this.namedModules(prefix)
      : ([[prefix, this]] as [string, Module][])) {
      for (const [key, buffer] of module.ownTensors().buffers) {
        if (!found.has(buffer)) found.set(buffer, joinPath(path, key));
      }
    }
    return [...found].map(([buffer, name]) => [name, buffer]);
  }

  /** All tensors of state that are not trained (running statistics). */
  buffers(recurse = true): Tensor[] {
    return this.namedBuffers("", recurse).map(([, buffer]) => buffer);
  }

  /** The module below this one at a path such as `features.3`; the empty path is the module itself. */
  getSubmodule(target: string): Module {
    let module: Module = this;
    if (target === "") return module;
    const walked: string[] = [];
    for (const name of target.split(".")) {
      const child = module.ownModules().find(([key]) => key === name)?.[1];
      if (child === undefined) {
        const names = module.ownModules().map(([key]) => key);
        throw new ArgumentError(
          `getSubmodule: ${module.constructor.name}${walked.length > 0 ? ` at "${walked.join(".")}"` : ""} has no ` +
            `module \`${name}\`; it has ${names.length > 0 ? names.join(", ") : "none"}`,
        );
      }
      walked.push(name);
      module = child;
    }
    return module;
  }

  /** The parameter at a path such as `features.3.weight`. */
  getParameter(target: string): ParameterTensor {
    const [module, key] = this.#ownerOf(target);
    const found = module.ownTensors().parameters.find(([name]) => name === key);
    if (found === undefined) throw new ArgumentError(`getParameter: there is no parameter \`${target}\``);
    return found[1];
  }

  /** The buffer at a path such as `1.running_mean`. */
  getBuffer(target: string): Tensor {
    const [module, key] = this.#ownerOf(target);
    const found = module.ownTensors().buffers.find(([name]) => name === key);
    if (found === undefined) throw new ArgumentError(`getBuffer: there is no buffer \`${target}\``);
    return found[1];
  }

  #ownerOf(target: string): [Module, string] {
    const dot = target.lastIndexOf(".");
    return [this.getSubmodule(dot < 0 ? "" : target.slice(0, dot)), target.slice(dot + 1)];
  }

  /**
   * Sets training behaviour, here and below: calls `train(mode)` of every child. A module that overrides it decides
   * for itself and what is below it, which is how batch normalisation is frozen for good: a training loop, `fit`
   * among them, calls `net.train()` before every epoch and would undo a single `bn.eval()`.
   *
   * @example
   * ```ts
   * class FrozenBatchNorm2d extends nn.BatchNorm2d {
   *   override train(): this {
   *     return super.train(false);
   *   }
   * }
   * const net = nn.Sequential(nn.Conv2d(1, 6, 5), new FrozenBatchNorm2d(6));
   * net.train().at(1).training; // false
   * ```
   */
  train(mode = true): this {
    // A child may hold its parent.
    if (this.#isChangingMode) return this;
    this.#isChangingMode = true;
    noteHandled(this);
    try {
      this.training = mode;
      for (const child of this.children()) child.train(mode);
    } finally {
      this.#isChangingMode = false;
    }
    return this;
  }

  /** Sets the behaviour in use: no dropout, batch norm with its running statistics. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `fn` with every module below this one, children first, and with this one at last. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Sets for all parameters whether they are trained. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /**
   * Converts floating-point parameters and buffers, in place.
   *
   * @param dtype - `"float32"`, `"float64"`, `"float16"` or `"bfloat16"`; `"cpu"`, the only device, changes nothing.
   */
  to(dtype: DType | "cpu"): this {
    if (dtype === "cpu") return this;
    if (!isFloating(dtype))
      throw new DTypeError(`to: expected a floating-point dtype for a module, got ${shownText(dtype)}`);
    return this.#convert(dtype);
  }

  #convert(dtype: DType, done: Set<Module> = new Set()): this {
    if (done.has(this)) return this;
    done.add(this);
    noteHandled(this);
    for (const child of this.children()) child.#convert(dtype, done);
    this.convertOwn(dtype);
    return this;
  }

  /** @internal Converts what this module owns itself, buffers that are not saved included. */
  convertOwn(dtype: DType): void {
    const { parameters, buffers } = this.ownTensors();
    for (const [, tensor] of [...parameters, ...buffers])
      if (isFloating(tensor.dtype)) convert(tensor, dtype);
  }

  /** Converts parameters and buffers to float64. */
  double(): this {
    return this.#convert("float64");
  }

  /** Converts parameters and buffers to float16. */
  half(): this {
    return this.#convert("float16");
  }

  /** Converts parameters and buffers to bfloat16. */
  bfloat16(): this {
    return this.#convert("bfloat16");
  }

  /** Converts parameters and buffers to float32. */
  float(): this {
    return this.#convert("float32");
  }

  /** Forgets the gradients of all parameters, or sets them to zero. */
  zeroGrad(setToNone = true): void {
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null;
      else parameter.grad?.assign(parameter.grad.mul(0).value);
    }
  }

  /**
   * Parameters and buffers under PyTorch's keys (`0.weight`, `1.running_mean`). They share memory with the
   * module: what training changes later, they show.
   *
   * @throws ArgumentError if a lazy layer has not seen an input yet.
   */
  stateDict(prefix = ""): StateDict {
    noteHandled(this);
    const found = new Map<string, Tensor>();
    this.eachOwnState(prefix, (key, tensor) => found.set(key, tensor.detach()));
    for (const [name, child] of this.ownModules())
      for (const [key, tensor] of Object.entries(child.stateDict(joinPath(prefix, name))))
        found.set(key, tensor);
    return orderedRecord(found);
  }

  /** @internal Calls `visit` with what a state dict holds of this module alone, in its order. */
  eachOwnState(path: string, visit: (key: string, tensor: Tensor) => void): void {
    this.requireParameters(path);
    const { parameters, buffers } = this.ownTensors();
    for (const [key, parameter] of parameters) visit(joinPath(path, key), parameter);
    for (const [key, buffer, persistent] of buffers) if (persistent) visit(joinPath(path, key), buffer);
  }

  /**
   * @internal Keys of this module alone that PyTorch's layer of that version (undefined: unknown) did not save yet.
   */
  keysSinceVersion(_version: number | undefined): readonly string[] {
    return [];
  }

  /**
   * Copies tensors into the parameters and buffers of the same names.
   *
   * Without `strict`, layers for another number of classes are left as they are. Counters of batch norm
   * (`num_batches_tracked`) that files of PyTorch before 0.4.1 lack keep their values, as there.
   *
   * @param strict - whether the keys must be exactly those of `stateDict()`.
   * @returns missing keys, with those for another number of classes, and unexpected keys (both empty if `strict`).
   * @throws StateDictError that lists every missing, unexpected and wrongly shaped key.
   */
  loadStateDict(
    stateDict: StateDict | ReadonlyMap<string, Tensor>,
    options: boolean | { strict?: boolean } = {},
  ): LoadResult {
    return loadInto(this, stateDict, typeof options === "boolean" ? options : (options.strict ?? true));
  }

  /**
   * Has a function called before each call of the module.
   *
   * @param hook - gets the module and the list of its inputs; may return other inputs (a list, or the only one).
   */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return this.#hooks.beforeForward.add(hook);
  }

  /**
   * Has a function called after each call of the module, to look at what it computed.
   *
   * @param hook - gets the module, the list of its inputs and its output; may return another output.
   * @example
   * ```ts
   * const handle = net.at(0).registerForwardHook((module, inputs, output) => { seen = output; });
   * net(x);
   * handle.remove();
   * ```
   */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return this.#hooks.afterForward.add(hook);
  }

  /**
   * Has a function called during `backward()` when the gradients of the module's inputs are known.
   *
   * @param hook - gets the module, the gradients of its inputs and those of its outputs (null if there is
   * none); for a module with one tensor input it may return another gradient for it.
   */
  registerFullBackwardHook(hook: FullBackwardHook): HookHandle {
    return this.#hooks.backward.add(hook);
  }
}

/** Calling a module calls its `forward`, and the hooks around it. */
export interface Module {
  // biome-ignore lint/style/useShorthandFunctionType: a type alias cannot be merged with the class.
  (...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]>;
}

guardSubclass(Module);
markCopy(Module.prototype);
printAs(Module, (module) => module.toString(), "save(net.stateDict(), path) keeps the weights");
