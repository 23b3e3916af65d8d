/** The form on which passes work: one straight, topologically ordered list of nodes over numbered values. */
import type { Attributes, TensorSpec } from "../engines/contract/engine.ts";
import type { OpDefinition } from "./node.ts";

export type GraphSource =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "state"; readonly index: number }
  | { readonly kind: "node" };

export interface GraphValue extends TensorSpec {
  readonly source: GraphSource;
}

export interface GraphNode {
  readonly op: OpDefinition;
  readonly attributes: Attributes;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly label: string;
}

/** Immutable: a pass returns a new graph. Value ids are positions in `values`; a pass may leave unused ones. */
export interface Graph {
  readonly values: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly number[];
  /** At the end of a run the value `from` is written over the state value `to`. */
  readonly commits: readonly { readonly from: number; readonly to: number }[];
  readonly inputCount: number;
  readonly stateCount: number;
}

/** A pass: one file, a pure function from graph to graph. */
export type Pass = (graph: Graph) => Graph;
