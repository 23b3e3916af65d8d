/** Numbers of channels and initial values that torchvision's mobile networks share. */
import * as nn from "../../nn/index.ts";

/** The multiple of `divisor` nearest to `channels`, but not more than a tenth below it. */
export function divisibleChannels(channels: number, divisor = 8): number {
  const nearest = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return nearest < 0.9 * channels ? nearest + divisor : nearest;
}

/** Convolutions by Kaiming, by the outputs; biases 0; dense layers as `drawLinear` says. */
export function drawMobileWeights(net: nn.Module, drawLinear: (layer: nn.Linear) => void): void {
  net.apply((module) => {
    if (module instanceof nn.Conv2d) nn.init.kaimingNormal_(module.weight, { mode: "fanOut" });
    else if (module instanceof nn.Linear) drawLinear(module);
    else return;
    if (module.bias !== null) nn.init.zeros_(module.bias);
  });
}
