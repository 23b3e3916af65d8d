/** Layers without parameters, made from their parameter table and the function they call. */
import type { ParameterTable } from "../../base/params/arguments.ts";
import type { CallArguments } from "../../base/params/call_types.ts";
import { type Callable, callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "./module.ts";
import { attributeName } from "./names.ts";

/** A layer class whose instances carry their settings as properties; to be called with or without `new`. */
export type Layer<A extends readonly unknown[], S> = Callable<new (...args: A) => Module & S>;

/**
 * The settings that a table makes, complete, under the documentation of its interface. (The mapped type has no
 * declarations of its own, so that editors find those of the interface.)
 */
export type MadeSettings<Doc, R> = Doc & { [K in keyof R]: R[K] };

/** What a layer does with the settings that its table makes. */
export interface LayerRule<S> {
  /** Settings that are tensors and belong to the state dict, under the names they have there. */
  readonly buffers?: readonly string[];
  forward(settings: S & { readonly training: boolean }, ...inputs: any[]): unknown;
  /** The settings in the printed form. */
  describe?(settings: S): string;
}

/**
 * @param table - the constructor's arguments; each setting that it makes of them becomes a property.
 */
export function defineLayer<Doc, N extends readonly string[], P extends readonly unknown[], R extends object>(
  table: ParameterTable<Doc, N, P, R>,
  rule: LayerRule<R>,
): Layer<CallArguments<Doc, N, P>, MadeSettings<Doc, R>> {
  class SettingsLayer extends Module {
    constructor(...args: readonly unknown[]) {
      super();
      Object.assign(this, table.bind(args));
      for (const key of rule.buffers ?? []) {
        const settings = this as Record<string, unknown>;
        const tensor = settings[attributeName(key)] ?? null;
        delete settings[attributeName(key)];
        this.registerBuffer(key, tensor as Tensor | null);
      }
    }

    override forward(...inputs: any[]): any {
      return rule.forward(this as unknown as R & { training: boolean }, ...inputs);
    }

    override extraRepr(): string {
      return rule.describe?.(this as unknown as R) ?? "";
    }
  }
  return callable(table.signature.name, SettingsLayer) as unknown as Layer<
    CallArguments<Doc, N, P>,
    MadeSettings<Doc, R>
  >;
}

/** A layer's forward of one tensor to one tensor, for the types of instances. */
export interface TensorLayer {
  forward(input: Tensor): Tensor;
}
