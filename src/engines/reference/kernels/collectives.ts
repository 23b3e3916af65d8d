/** Sums over the ranks of a world. */
import { joinedChannel, type Summation } from "../../../workers/collective_channel.ts";
import type { ReferenceKernel } from "../kernel.ts";

const allReduce: ReferenceKernel = ({ inputs: [input], outputs: [output], attributes }) => {
  output.data.set(input.data);
  if (typeof ONE_RANK !== "undefined") return;
  const channel = joinedChannel();
  if (channel === null || output.data.length === 0) return;
  const { byteOffset, length } = output.data;
  channel.wait(channel.order(byteOffset, length, attributes.summation as Summation));
};

/** Of a shard that is alone. */
const shardSum: ReferenceKernel = ({ inputs: [input], outputs: [output] }) => output.data.set(input.data);

export const COLLECTIVE_KERNELS = { allReduce, shardSum };
