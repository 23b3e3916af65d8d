/** Weights and running statistics of an ONNX network, as members of modules. */
import { ArgumentError } from "../../base/errors.ts";
import { Module } from "../../nn/module/module.ts";
import { attributeName } from "../../nn/module/names.ts";
import { ParameterTensor } from "../../nn/module/parameter.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { NetworkPlan } from "./plan_network.ts";

/** Modules inside modules that a name may ask for. */
const MOST_LEVELS = 32;

/** A part of a network that only holds weights: `features` and `0` of `features.0.weight`. */
export class OnnxPart extends Module {}

/** Where a tensor of the network is held. */
interface Place {
  readonly holder: Module;
  readonly attribute: string;
}

/**
 * Names with dots, as PyTorch exports them, become modules inside modules, so that the keys of the state dict are the
 * names of the file.
 */
export class NetworkState {
  readonly #places = new Map<string, Place>();

  constructor(network: Module, { weights, statistics }: NetworkPlan) {
    for (const [name, array] of weights) {
      const parameter = new ParameterTensor(array.newTensor());
      this.#places.set(
        name,
        placed(network, name, (holder, key) => holder.registerParameter(key, parameter)),
      );
    }
    for (const [name, array] of statistics) {
      const buffer = array.newTensor();
      this.#places.set(
        name,
        placed(network, name, (holder, key) => holder.registerBuffer(key, buffer)),
      );
    }
  }

  /** The tensors as they are now, by their names in the file. From the next run on they live in device buffers. */
  *tensors(): Iterable<readonly [string, Tensor]> {
    for (const [name, { holder, attribute }] of this.#places) {
      const tensor = (holder as unknown as Record<string, Tensor>)[attribute];
      // Calling the module that holds them would ask for it.
      defaultSession().requestDeviceBuffer(tensor.cell);
      yield [name, tensor];
    }
  }
}

/** Registers a tensor under its name, or one like it if a module has a property of that name. */
function placed(network: Module, name: string, register: (holder: Module, key: string) => void): Place {
  const parts = name.split(".");
  const path = parts.includes("") || parts.length > MOST_LEVELS ? [name.replaceAll(".", "_")] : parts;
  const key = path.pop() as string;
  const holder = path.reduce(partOf, network);
  return tried(key, (free) => {
    register(holder, free);
    return { holder, attribute: attributeName(free) };
  });
}

function partOf(module: Module, name: string): Module {
  const found = module.ownModules().find(([key]) => key === name)?.[1];
  if (found !== undefined) return found;
  const part = new OnnxPart();
  tried(name, (free) => module.addModule(free, part));
  return part;
}

/** As many other names as are tried. */
const MOST_TRIES = 1000;

/** Names in files are anything: some are taken (`forward`, `training`). */
function tried<T>(name: string, body: (free: string) => T): T {
  for (let i = 0; ; i++) {
    try {
      return body(i === 0 ? name : `${name}_${i}`);
    } catch (error) {
      if (!(error instanceof ArgumentError) || i === MOST_TRIES) throw error;
    }
  }
}
