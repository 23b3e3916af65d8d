/**
 * Where in the user's program an operation is recorded: inside which layer, and how deep inside calls of
 * ours. Depth 0 is the user's own code: only values made there can still be asked for after the weights
 * they depend on have been overwritten, so only those are kept when that happens.
 */
const path: string[] = [];
let depth = 0;

/** Path of the layer being called, `net.features.3`; empty outside of any. */
export function currentLabel(): string {
  return path.length === 0 ? "" : path[path.length - 1];
}

/** Runs `body` as part of the layer at `label`. */
export function insideLayer<T>(label: string, body: () => T): T {
  path.push(label);
  depth++;
  try {
    return body();
  } finally {
    depth--;
    path.pop();
  }
}

/** Runs `body` as the inside of a function of ours. */
export function insideCall<T>(body: () => T): T {
  depth++;
  try {
    return body();
  } finally {
    depth--;
  }
}

/** Runs a function of the user's (a hook) that is called from inside ours: what it makes is its own. */
export function asUserCode<T>(body: () => T): T {
  const before = depth;
  depth = 0;
  try {
    return body();
  } finally {
    depth = before;
  }
}

/** Whether the code now running is the user's own. */
export function atTopLevel(): boolean {
  return depth === 0;
}
