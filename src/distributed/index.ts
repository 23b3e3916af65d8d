/** `convoyant/distributed`: training on several processes and machines, over MPI. Node.js only. */
export {
  type AllGatherParameters,
  type AllReduceParameters,
  allGather,
  allReduce,
  type BroadcastParameters,
  barrier,
  broadcast,
  type ReduceOp,
} from "./collectives.ts";

import { shareTrainingsOfWorld } from "./training/shared_training.ts";

export { DistributedSampler, type DistributedSamplerSettings } from "./distributed_sampler.ts";
export { finalize, type InitOptions, init, rank, type World, worldSize } from "./world.ts";

shareTrainingsOfWorld();
