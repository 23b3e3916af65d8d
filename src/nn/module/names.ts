/** Names of parameters and buffers: PyTorch's in state dicts, camelCase as properties. */

/** `running_mean` as `runningMean`. */
export function attributeName(key: string): string {
  return key.replace(/(?<=[A-Za-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `weightDecay` as `weight_decay`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `net.0` and `weight` as `net.0.weight`; an empty prefix leaves the name alone. */
export function joinPath(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}
