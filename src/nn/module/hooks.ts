/** Functions of the user's that are called around a module's forward and backward pass. */
import type { HookHandle } from "../../tensor/properties.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** Called before `forward`; may return other inputs. */
export type ForwardPreHook = (module: Module, inputs: any[]) => unknown;
/** Called after `forward`; may return another output. */
export type ForwardHook = (module: Module, inputs: any[], output: any) => unknown;
/** Called with gradients of inputs and outputs; may return another gradient of the only tensor input. */
export type FullBackwardHook = (
  module: Module,
  gradInput: (Tensor | null)[],
  gradOutput: (Tensor | null)[],
) => Tensor | (Tensor | null)[] | undefined | void;

const NONE: readonly never[] = [];

/** Hooks of one kind, in the order in which they were registered. */
export class HookList<H> {
  readonly #hooks = new Set<{ readonly call: H }>();

  add(call: H): HookHandle {
    const entry = { call };
    this.#hooks.add(entry);
    return { remove: () => void this.#hooks.delete(entry) };
  }

  get isEmpty(): boolean {
    return this.#hooks.size === 0;
  }

  /** The hooks as they are now: one may remove itself while it runs. */
  list(): readonly H[] {
    if (this.#hooks.size === 0) return NONE;
    return [...this.#hooks].map(({ call }) => call);
  }
}

export class ModuleHooks {
  readonly beforeForward = new HookList<ForwardPreHook>();
  readonly afterForward = new HookList<ForwardHook>();
  readonly backward = new HookList<FullBackwardHook>();
}
