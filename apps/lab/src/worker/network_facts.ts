/** What is known of a network before it has learned anything: layers, shapes, sizes; its drawing. */
import { fromTypedArray, nn, noGrad, Tensor } from "convoyant";
import type { LayerFacts, NetworkFacts } from "./protocol.ts";

type DrawStyle = "book" | "graph" | "volume";

/** Nothing is computed: the call of the network is only recorded. */
export function networkFacts(net: nn.Module, shape: readonly number[]): NetworkFacts {
  const layers = layersOf(net, shape);
  const count = (module: nn.Module) => module.parameters().reduce((all, one) => all + one.numel(), 0);
  return {
    layers: layers.map(({ path, module, output }): LayerFacts => {
      return {
        path,
        kind: module.constructor.name,
        shape: output.slice(1),
        parameters: count(module),
        hasFilters: module instanceof nn.Conv2d,
      };
    }),
    parameters: count(net),
    multiplyAdds: layers.reduce((all, layer) => all + multiplyAdds(layer.module, layer.output), 0),
  };
}

export async function drawingOf(
  net: nn.Module,
  shape: readonly number[],
  {
    lang,
    style,
    theme,
    title,
  }: {
    readonly lang: "en" | "zh";
    readonly style: DrawStyle;
    readonly theme?: "light" | "dark";
    readonly title?: string;
  },
): Promise<string> {
  const { draw } = await import("convoyant/draw");
  return draw(net, {
    input: [...shape],
    lang,
    style,
    ...(theme !== undefined && { theme }),
    ...(title !== undefined && { title }),
  }).toSvg();
}

interface CalledLayer {
  readonly path: string;
  readonly module: nn.Module;
  /** Shape with the batch. */
  readonly output: readonly number[];
}

function layersOf(net: nn.Module, shape: readonly number[]): CalledLayer[] {
  const calls: CalledLayer[] = [];
  const handles = net.namedModules().map(([path, module]) =>
    module.registerForwardHook((_module, _inputs, output) => {
      if (module.children().length === 0 && output instanceof Tensor)
        calls.push({ path, module, output: output.shape });
    }),
  );
  const wasTraining = net.training;
  try {
    net.eval();
    const x = fromTypedArray(new Float32Array(shape.reduce((a, b) => a * b, 1)), [1, ...shape], "float32");
    noGrad(() => void net(x));
    return calls;
  } finally {
    net.train(wasTraining);
    for (const handle of handles) handle.remove();
  }
}

function multiplyAdds(module: nn.Module, output: readonly number[]): number {
  if (module instanceof nn.Conv2d) return module.weight.numel() * output[2] * output[3];
  return module instanceof nn.Linear ? module.weight.numel() : 0;
}
