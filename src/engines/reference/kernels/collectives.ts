/** Sums over the ranks of a world. */
import {
  type GradientSummation,
  joinedChannel,
  type Summation,
} from "../../../workers/collective_channel.ts";
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

/** Numbers of the orders under way, by the address of what is summed. */
const underWay = new Map<number, number>();

const startAllReduce: ReferenceKernel = ({ inputs, outputs: [bucket], attributes }) => {
  let at = 0;
  for (const { data } of inputs) {
    bucket.data.set(data, at);
    at += data.length;
  }
  if (typeof ONE_RANK !== "undefined") return;
  const channel = joinedChannel();
  if (channel === null || at === 0) return;
  const { byteOffset } = bucket.data;
  underWay.set(byteOffset, channel.order(byteOffset, at, attributes.summation as GradientSummation));
};

const awaitAllReduce: ReferenceKernel = ({ inputs: [bucket], outputs }) => {
  if (typeof ONE_RANK === "undefined") {
    const number = underWay.get(bucket.data.byteOffset);
    if (number !== undefined) joinedChannel()?.wait(number);
    underWay.delete(bucket.data.byteOffset);
  }
  let at = 0;
  for (const { data } of outputs) {
    data.set(bucket.data.subarray(at, at + data.length));
    at += data.length;
  }
};

export const COLLECTIVE_KERNELS = { allReduce, startAllReduce, awaitAllReduce, shardSum };
