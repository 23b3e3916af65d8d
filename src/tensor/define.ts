/** How a public function is made from its parameter table. */

import { isThenable } from "../base/builtin_kinds.ts";
import { ConvoyantError, nameError, noteOp } from "../base/errors.ts";
import { bindPositional, signature } from "../base/params/arguments.ts";
import type { Call, CheckedNames, Positional } from "../base/params/call_types.ts";
import { currentLabel, insideCall } from "../graph/scope.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { reading } from "./reading.ts";
import { Tensor } from "./tensor.ts";

/**
 * A public function by its parameter table (see `parameterTable`): what it takes is documented in an interface,
 * listed in order, and implemented by a function that gets every argument by position. It runs as the inside of a
 * call, and the tensors that it hands to the user are noted.
 */
export function defineCall<Doc, R = Tensor>() {
  return <const N extends readonly string[], P extends Positional<Doc, N>>(
    name: string,
    names: N & CheckedNames<Doc, N>,
    body: (...args: P) => R,
  ): Call<Doc, N, P, R> => {
    const of = signature(name, names as N);
    const direct = (...args: P) => noteResult(insideCall(() => inNameOf(name, () => body(...args))));
    const call = (...args: unknown[]) => direct(...(bindPositional(of, args) as P));
    Object.defineProperty(call, "name", { value: name });
    return Object.assign(call, { direct }) as Call<Doc, N, P, R>;
  };
}

/** Notes the function that complains, and puts its name in front of a text that has none. */
function inNameOf<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ConvoyantError) {
      if (error.nameless) nameError(error, name);
      else noteOp(error, name, currentLabel());
    }
    throw error;
  }
}

function noteTensor({ cell }: Tensor): void {
  for (const value of cell.kept) defaultSession().note(value);
}

/** Notes each tensor of a result that the user's own code receives. */
export function noteResult<T>(result: T): T {
  if (result instanceof Tensor) noteTensor(result);
  else if (Array.isArray(result)) for (const one of result) if (one instanceof Tensor) noteTensor(one);
  return isThenable(result) ? (reading(result) as T) : result;
}
