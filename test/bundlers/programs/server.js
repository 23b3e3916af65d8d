// What a server would do: train, batches from a worker, weights to bytes and back.
import { data, load, nn, rand, randint, toBytes } from "convoyant";
import { trainLenet } from "./lenet.js";

async function main() {
  const losses = await trainLenet();
  const dataset = data.TensorDataset(rand(8, 1, 4, 4), randint(0, 2, [8]));
  let batches = 0;
  for await (const [x] of data.DataLoader(dataset, { batchSize: 4, numWorkers: 1 }))
    batches += x.shape[0] / 4;
  const net = nn.Linear(2, 3);
  net.loadStateDict(await load(await toBytes(net.stateDict())));
  console.log(JSON.stringify({ losses, batches }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
