/** Layers as calls in TypeScript and in Python. */
import type { Layer } from "../experiment/layers.ts";

type Language = "typescript" | "python";

/** What is given by position, in order; the rest goes by name. */
const POSITIONS: Readonly<Record<string, readonly string[]>> = {
  Conv2d: ["inChannels", "outChannels"],
  Linear: ["inFeatures", "outFeatures"],
  BatchNorm2d: ["numFeatures"],
  BatchNorm1d: ["numFeatures"],
  AdaptiveAvgPool2d: ["outputSize"],
  Dropout: ["p"],
  Inception: ["inChannels", "c1", "c2", "c3", "c4"],
};

/** What a layer is given if nothing is said: such arguments are left out. A pooling's stride is its kernel's size. */
function isDefault(layer: Layer, name: string): boolean {
  const value = layer[name];
  if (name === "padding") return value === 0;
  if (name === "stride") return value === (layer.type === "Conv2d" ? 1 : layer.kernelSize);
  return false;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A number, a list (in Python a tuple), or a text, as it is written. */
export function literal(value: unknown, language: Language): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  const inner = value.map((one) => literal(one, language)).join(", ");
  return language === "python" ? `(${inner})` : `[${inner}]`;
}

/** `nn.Conv2d(1, 6, { kernelSize: 5 })`, or `nn.Conv2d(1, 6, kernel_size=5)`. */
export function layerCall(layer: Layer, language: Language): string {
  const { type, ...given } = layer;
  const positions = POSITIONS[type] ?? [];
  const named = Object.keys(given).filter((name) => !positions.includes(name) && !isDefault(layer, name));
  const args = positions.map((name) => literal(given[name], language));
  const one = (name: string) => literal(given[name], language);
  if (language === "python") args.push(...named.map((name) => `${snake(name)}=${one(name)}`));
  else if (named.length > 0) args.push(`{ ${named.map((name) => `${name}: ${one(name)}`).join(", ")} }`);
  const owner = type !== "Inception" ? "nn." : language === "python" ? "" : "models.";
  return `${owner}${type}(${args.join(", ")})`;
}
