/** Files that are opened: experiments, run folders as a zip, weights. Anybody can have made them. */
import { unzipSync } from "fflate";
import { checkExperiment } from "../experiment/check_experiment.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { experimentOfRun, photosConfigOf } from "../experiment/run_experiment.ts";
import type { LabSession } from "./lab_session.ts";
import { LabError } from "./problem.ts";
import type { Calls, Opened } from "./protocol.ts";
import { loadInOrder } from "./stored_weights.ts";

/** What a file, and what is packed in it, takes at most. */
const MOST_BYTES = 1.5 * 2 ** 30;

const bad = (message: string, cause?: unknown) => new LabError("bad experiment", message, {}, { cause });

/** @throws LabError "bad experiment" or "newer version". */
export async function openFile(session: LabSession, { blob, name }: Calls["open"]["input"]): Promise<Opened> {
  if (blob.size > MOST_BYTES) throw bad(`${name} is larger than ${MOST_BYTES / 2 ** 30} GiB`);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return openZip(session, bytes, name);
  if (/^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)))) {
    session.openedWeights = null;
    return { experiment: checkExperiment(json(bytes, name)), hasWeights: false, images: 0 };
  }
  return openWeights(session, bytes, name);
}

function json(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw bad(`${name} is not JSON: ${(error as Error).message}`, error);
  }
}

/** Weights for the network that is prepared. */
async function openWeights(
  session: LabSession,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<Opened> {
  const { experiment, loop } = session.lab;
  try {
    await loop.pause();
    await loadInOrder(loop.networks[0].net, bytes);
  } catch (error) {
    if (error instanceof LabError)
      throw bad(`${name} is neither an experiment nor weights of this network: ${error.message}`, error);
    throw error;
  }
  session.weightsChanged();
  return { experiment, hasWeights: true, images: 0 };
}

async function openZip(session: LabSession, bytes: Uint8Array, name: string): Promise<Opened> {
  const files = unzipped(bytes, name);
  const own = files["experiment.json"];
  if (own !== undefined) {
    const experiment = checkExperiment(json(own, "experiment.json"));
    const weights = experiment.networks.map((_, i) => files[`network-${i + 1}.safetensors`]);
    const hasWeights = weights.every((one) => one !== undefined);
    expect(session, experiment, hasWeights ? weights : null);
    return { experiment, hasWeights, images: await keptImages(files, experiment) };
  }
  const path = Object.keys(files).find((one) => /^([^/]+\/)?config\.json$/.test(one));
  if (path === undefined) throw bad(`${name} holds neither experiment.json nor the config.json of a run`);
  const folder = path.slice(0, -"config.json".length);
  const title = folder.replace(/\/$/, "") || name.replace(/\.zip$/i, "");
  const weights = files[`${folder}best.safetensors`] ?? files[`${folder}last.safetensors`];
  const run = json(files[path], path);
  const photos = photosConfigOf(run);
  const experiment =
    photos === null
      ? experimentOfRun(run, title)
      : await (await import("./photo_runs.ts")).experimentOfPhotosRun(
          photos,
          title,
          weights as Uint8Array<ArrayBuffer> | undefined,
        );
  expect(session, experiment, weights === undefined ? null : [weights]);
  return {
    experiment,
    hasWeights: weights !== undefined,
    images: 0,
    ...(photos !== null && { isRun: true }),
  };
}

/** What the next `prepare` of this experiment takes. */
function expect(session: LabSession, { networks }: Experiment, weights: readonly Uint8Array[] | null): void {
  session.openedWeights =
    weights === null
      ? null
      : { key: JSON.stringify(networks), networks: weights.map((one) => new Uint8Array(one)) };
}

async function keptImages(
  files: Readonly<Record<string, Uint8Array>>,
  { data }: Experiment,
): Promise<number> {
  if (data.kind !== "images" || !Object.keys(files).some((path) => path.startsWith("images/"))) return 0;
  const { keepImagesOfFile } = await import("../data/image_files.ts");
  return keepImagesOfFile(files, data.classes);
}

function unzipped(bytes: Uint8Array, name: string): Record<string, Uint8Array> {
  let total = 0;
  try {
    return unzipSync(bytes, {
      filter: ({ originalSize }) => {
        total += originalSize;
        if (total > MOST_BYTES) throw new RangeError("what is packed in it is too large");
        return true;
      },
    });
  } catch (error) {
    throw bad(`${name} is not a zip that can be unpacked: ${(error as Error).message}`, error);
  }
}
