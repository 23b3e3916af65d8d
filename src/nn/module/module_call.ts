/** What happens when a module is called: hooks, the layer's path, the tensors that the user receives. */
import { asUserCode, atTopLevel, currentLabel, insideLayer, isGradientModeOn } from "../../graph/node.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noteResult, Tensor } from "../../tensor/tensor.ts";
import { watchGradients } from "./backward_hooks.ts";
import { isMadeAnew, keepState } from "./kept_state.ts";
import type { Module } from "./module.ts";
import { noteHandled, warnUnregistered } from "./unregistered.ts";

/** Outermost module of the call under way, and the paths of all modules below it. */
let root: Module | null = null;
/** Innermost module whose forward runs. */
let running: Module | null = null;
let recordsGradients = true;
const pathsOf = new WeakMap<Module, Map<Module, string>>();

export function callModule(module: Module, args: unknown[]): unknown {
  const [before, owner] = [root, running];
  const received = atTopLevel();
  root ??= module;
  running = module;
  if (before === null) recordsGradients = isGradientModeOn();
  try {
    const path = pathOf(module, root);
    const isPart = pathsOf.get(root)?.has(module) === true;
    if (isPart || owner === null || received) noteHandled(module);
    // Without gradients when the network has them: a teacher.
    else if (isGradientModeOn() === recordsGradients) warnUnregistered(module, owner);
    const result = insideLayer(path, () => run(module, args));
    if (before === null) keepState(pathsOf.get(module)?.keys() ?? [module]);
    else if (!isPart) keepState([module]);
    return received ? note(result) : result;
  } finally {
    root = before;
    running = owner;
  }
}

function run(module: Module, args: unknown[]): unknown {
  let inputs = args;
  if (module.isLazy) module.materialize(inputs);
  requestDeviceBuffers(module);
  const { beforeForward, afterForward, backward } = module.hooks;
  for (const hook of beforeForward.list()) {
    const changed = asUserCode(() => hook(module, noteAll(inputs)));
    if (changed !== undefined) inputs = Array.isArray(changed) ? changed : [changed];
  }
  const watched = backward.isEmpty ? null : watchGradients(module, inputs);
  if (watched !== null) inputs = watched.inputs;
  let output: unknown = module.forward(...inputs);
  if (watched !== null) output = watched.outputs(output);
  for (const hook of afterForward.list()) {
    const changed = asUserCode(() => hook(module, noteAll(inputs), note(output)));
    if (changed !== undefined) output = changed;
  }
  return output;
}

/** From the next run on the module's weights and statistics live in device buffers. */
function requestDeviceBuffers(module: Module): void {
  const { parameters, buffers } = module.ownTensors();
  for (const [, parameter] of parameters) defaultSession().requestDeviceBuffer(parameter.cell);
  for (const [, buffer] of buffers) {
    // Counters stay here, as plain numbers.
    if (buffer.dtype !== "int64" && !isMadeAnew(buffer)) defaultSession().requestDeviceBuffer(buffer.cell);
  }
}

/** `net.features.3`, as seen from the outermost module. */
function pathOf(module: Module, outermost: Module): string {
  const known = pathsOf.get(outermost)?.get(module);
  if (known !== undefined) return known;
  const paths = new Map<Module, string>();
  for (const [path, one] of outermost.namedModules("net")) paths.set(one, path);
  pathsOf.set(outermost, paths);
  const found = paths.get(module);
  if (found !== undefined) return found;
  // Made on the way, and not a part of the network.
  const label = currentLabel();
  return label === "" ? module.constructor.name : `${label}.${module.constructor.name}`;
}

function noteAll(values: unknown[]): unknown[] {
  for (const value of values) note(value);
  return values;
}

/** Remembers what the user's code receives: tensors, lists of them, objects that hold them. */
function note<T>(value: T): T {
  if (typeof value === "object" && value !== null && !(value instanceof Tensor) && !Array.isArray(value)) {
    for (const part of Object.values(value)) noteResult(part);
    return value;
  }
  return noteResult(value);
}
