/** Results of a run under way, until the engine has them read back. */

import { typedArrayKind } from "../base/builtin_kinds.ts";
import { arrayFrom, type TypedArray, viewArray } from "../base/dtype.ts";
import type { RunFailure, Value } from "../graph/node.ts";

/** The readback of one value: it ends with the data, or with the failure of its run. */
export class PendingReadback {
  private readonly value: Value;
  private resolve: () => void = noop;
  private reject: (error: unknown) => void = noop;

  constructor(value: Value) {
    this.value = value;
    const readback = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    readback.catch(noop);
    value.readback = readback;
    if (value.node !== null) value.node.outputs[value.index].readback ??= readback;
  }

  complete(data: TypedArray): void {
    const value = this.value;
    value.data =
      value.dtype === "bool" || typedArrayKind(data) === heldAs(value) ? data : arrayFrom(value.dtype, data);
    value.readback = null;
    const node = value.node;
    const twin = node?.outputs[value.index];
    if (twin !== undefined && twin !== value) {
      twin.data = value.data;
      twin.readback = null;
    }
    if (!value.requiresGrad || value.gradientOwner !== null || node?.backwardDone) value.node = null;
    this.resolve();
  }

  fail(failure: RunFailure, why: string): void {
    const twin = this.value.node?.outputs[this.value.index];
    for (const value of twin === undefined ? [this.value] : [this.value, twin]) {
      value.readback = null;
      value.lost = why;
      value.failure = failure;
    }
    this.reject(failure.error);
  }
}

function heldAs(value: Value): string | undefined {
  return typedArrayKind(viewArray(value.dtype, new ArrayBuffer(0), 0, 0));
}

function noop(): void {}
