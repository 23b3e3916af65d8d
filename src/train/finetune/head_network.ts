/** A network without its backbone: from what the backbone gives, its embedding, to the network's output. */
import { ArgumentError } from "../../base/errors.ts";
import { collectNodes } from "../../graph/node.ts";
import * as nn from "../../nn/index.ts";
import { zeros } from "../../tensor/filled.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { outputOf } from "../loop/network_output.ts";
import type { Head } from "./heads.ts";

/** What a network computed on its way. */
export interface Passage {
  /** What the head was given. */
  readonly embedding: Tensor;
  readonly output: Tensor;
  /** Whether the head's output is the network's. */
  readonly headIsLast: boolean;
}

/**
 * Runs a network and looks at what its head is given.
 *
 * @throws ArgumentError if the head is not called exactly once.
 */
export function passThrough(net: nn.Module, { layer, path }: Head, x: Tensor): Passage {
  const calls: { readonly input: Tensor; readonly output: Tensor }[] = [];
  const handle = layer.registerForwardHook((_module, [input], output) => {
    calls.push({ input, output });
  });
  try {
    const output = outputOf(net, x);
    if (calls.length !== 1) {
      throw new ArgumentError(
        `fineTune: expected the head (\`${path}\`) to be called once for a batch, and it was called ${calls.length} times; ` +
          "name the path of the layer that gives the classes as `head`",
      );
    }
    return { embedding: calls[0].input, output, headIsLast: calls[0].output.value === output.value };
  } finally {
    handle.remove();
  }
}

/**
 * The head and what comes after it, as a network of its own: the same layer, so that training it trains the network.
 *
 * If something comes after the head (SqueezeNet's ReLU and pooling), the whole network is recorded on an input of zeros,
 * and the head is given the embedding; what would compute the backbone leads nowhere and is never run.
 */
export class HeadNetwork extends nn.Module {
  readonly head: nn.Module;
  readonly #rest: ((embedding: Tensor) => Tensor) | null;

  /** @param imageShape - of an input without the batch. */
  constructor(net: nn.Module, head: Head, headIsLast: boolean, imageShape: readonly number[]) {
    super();
    this.head = head.layer;
    this.#rest = headIsLast ? null : (embedding) => throughHeadOnly(net, head, embedding, imageShape);
  }

  override forward(embedding: Tensor): Tensor {
    return this.#rest === null ? this.head(embedding) : this.#rest(embedding);
  }
}

function throughHeadOnly(
  net: nn.Module,
  { layer, path }: Head,
  embedding: Tensor,
  imageShape: readonly number[],
): Tensor {
  const stub = zeros([embedding.size(0), ...imageShape]);
  const handle = layer.registerForwardPreHook(() => [embedding]);
  try {
    const output = outputOf(net, stub);
    if (!collectNodes([output.value], () => {}).some(({ inputs }) => inputs.includes(stub.value)))
      return output;
  } finally {
    handle.remove();
  }
  throw new ArgumentError(
    `fineTune: the output of ${net.constructor.name} depends on more than its head (\`${path}\`), so that its backbone has no ` +
      "embeddings; name another `head`, or pass freezeEpochs: 0",
  );
}
