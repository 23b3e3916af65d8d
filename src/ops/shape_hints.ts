/** What a wrong shape was most likely meant to be: text for the end of a message, empty unless the sizes fit the guess. */
import { numel, type Shape } from "../base/shape.ts";

/**
 * For an input whose channels do not fit: channels last, or no dimension of channels.
 *
 * @param spatial - number of spatial dimensions.
 */
export function channelHint(shape: Shape, channels: number, spatial: number): string {
  const last = shape.length - 1;
  const unbatched = shape.length === spatial + 1;
  if (shape[last] === channels && (unbatched || shape.length === spatial + 2)) {
    const order = unbatched ? [last] : [0, last];
    for (let d = unbatched ? 0 : 1; d < last; d++) order.push(d);
    return `; the channels seem to be last: did you mean input.permute(${order.join(", ")})?`;
  }
  if (channels === 1 && unbatched)
    return `; a dimension for the one channel seems to be missing: did you mean input.unsqueeze(1)?`;
  if (channels === 1 && shape.length === spatial)
    return `; a dimension for the one channel seems to be missing: did you mean input.unsqueeze(0)?`;
  return "";
}

/** For an input that has a dimension too few in front of its channels. */
export function batchHint(shape: Shape, channels: number): string {
  return shape[0] === channels
    ? "; the batch dimension seems to be missing: did you mean input.unsqueeze(0)?"
    : "";
}

/** For an input whose last size is not the number of features. */
export function featuresHint(shape: Shape, features: number): string {
  const count = numel(shape);
  if (features < 1 || count === 0) return "";
  if (shape.length > 2 && numel(shape.slice(1)) === features)
    return "; did you mean input.flatten(1), or nn.Flatten() in front of this layer?";
  if (shape.length > 1 && count === features)
    return "; the batch dimension seems to be missing: did you mean to give the network input.unsqueeze(0)?";
  if (shape.length === 1 && count > features && count % features === 0)
    return `; did you mean flatten(1), which keeps the batch dimension (of ${count / features})?`;
  if (shape.length === 2 && shape[0] === features) return "; did you mean input.t()?";
  return "";
}
