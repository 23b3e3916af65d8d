/** Layers without parameters, made from their signature and the function they call. */
import { bindArguments, signature } from "../../base/arguments.ts";
import { type Callable, callable } from "../../base/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "./module.ts";
import { attributeName } from "./names.ts";

/** One number for height and width, or one for each. */
export type Size = number | readonly number[];

/** A layer class whose instances carry their settings as properties; to be called with or without `new`. */
export type Layer<A extends unknown[], S> = Callable<new (...args: A) => Module & S>;

export interface LayerRule<S> {
  /** Values of the settings that are not given. */
  readonly defaults?: Partial<S>;
  /** Settings that are tensors and belong to the state dict, under the names they have there. */
  readonly buffers?: readonly string[];
  /** Checks settings or brings them to one form. */
  prepare?(settings: S): void;
  forward(settings: S & { readonly training: boolean }, ...inputs: any[]): unknown;
  /** The settings in the printed form. */
  describe?(settings: S): string;
}

/**
 * @param parameters - the constructor's arguments, in the notation of `base/arguments.ts`; each becomes a
 * property.
 */
export function defineLayer<A extends unknown[], S>(
  name: string,
  parameters: readonly string[],
  rule: LayerRule<S>,
): Layer<A, S> {
  const of = signature(name, parameters);
  class SettingsLayer extends Module {
    constructor(...args: A) {
      super();
      Object.assign(this, rule.defaults, bindArguments(of, args));
      rule.prepare?.(this as unknown as S);
      for (const key of rule.buffers ?? []) {
        const settings = this as Record<string, unknown>;
        const tensor = settings[attributeName(key)] ?? null;
        delete settings[attributeName(key)];
        this.registerBuffer(key, tensor as Tensor | null);
      }
    }

    override forward(...inputs: any[]): any {
      return rule.forward(this as unknown as S & { training: boolean }, ...inputs);
    }

    override extraRepr(): string {
      return rule.describe?.(this as unknown as S) ?? "";
    }
  }
  return callable(name, SettingsLayer) as unknown as Layer<A, S>;
}

/** A layer's forward of one tensor to one tensor, for the types of instances. */
export interface TensorLayer {
  forward(input: Tensor): Tensor;
}
