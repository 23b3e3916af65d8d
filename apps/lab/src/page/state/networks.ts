/** Changes of the networks: what is typed is kept at once, and goes to the trainer when it has no mistake. */
import { computed, signal } from "@preact/signals";
import { checkNetwork, type NetworkCheck, networkBlocks } from "../../experiment/check.ts";
import { type Experiment, inputShapeOf, type NetworkSource } from "../../experiment/experiment.ts";
import { KNOWN_FACTS } from "../../experiment/known_networks.ts";
import type { NetworkFacts } from "../../worker/protocol.ts";
import { firstCode } from "../network/first_code.ts";
import { change, experiment, givenExperiment, play, playing, prepare, shownNetwork } from "./lab.ts";
import { t } from "./language.ts";
import { dismissProblem, problem } from "./notices.ts";

/** What is known of each network; null for code. */
export const checks = computed<readonly (NetworkCheck | null)[]>(() =>
  experiment.value.networks.map((network) => checkNetwork(experiment.value, network)),
);

/** A mistake in code, as the worker found it. */
export interface CodeProblem {
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** What the worker found out about code. */
export interface CodeCheck {
  readonly code: string;
  readonly facts: NetworkFacts | null;
  readonly problem: CodeProblem | null;
}

export const codeChecks = signal<readonly (CodeCheck | null)[]>([null, null]);

/** Whether the network at this place can be trained, as far as the page knows. */
export function isSound(at: number): boolean {
  const check = checks.value[at];
  if (check !== null && check !== undefined) return check.problem === null;
  const network = experiment.value.networks[at];
  const code = codeChecks.value[at];
  return network?.kind === "code" && code?.code === network.code && code.problem === null;
}

const DEBOUNCE_MILLISECONDS = 350;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Sets a network; the trainer takes it a moment later, if it has no mistake. */
export function setNetwork(at: number, network: NetworkSource): void {
  // What was said of the network before.
  if (problem.peek()?.kind === "bad network") dismissProblem();
  const { networks } = experiment.peek();
  experiment.value = { ...experiment.peek(), networks: networks.map((one, i) => (i === at ? network : one)) };
  sendSoon();
}

export function sendSoon(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (experiment.peek().networks.every((_, i) => isSound(i))) void sendNow();
  }, DEBOUNCE_MILLISECONDS);
}

/** Gives the trainer the networks that are shown. Resolves to whether it has them; what is wrong is told. */
export async function sendNow(): Promise<boolean> {
  clearTimeout(waiting);
  const shown = experiment.peek();
  const has = givenExperiment();
  if (has === null || needsPreparation(has, shown)) return prepareAgain();
  const { networks } = shown;
  return JSON.stringify(has.networks) === JSON.stringify(networks) || change({ networks });
}

/** Images of another size are loaded again; code is trained by another worker than networks without. */
function needsPreparation(has: Experiment, shown: Experiment): boolean {
  const sizes = (one: Experiment) => one.networks.map((network) => inputShapeOf(one, network)[1]).join();
  const hasCode = ({ networks }: Experiment) => networks.some(({ kind }) => kind === "code");
  return sizes(has) !== sizes(shown) || (hasCode(shown) && !hasCode(has));
}

/** A training that was started before the change was sent goes on with it. */
async function prepareAgain(): Promise<boolean> {
  const wasPlaying = playing.peek();
  const done = await prepare();
  if (done && wasPlaying) await play();
  return done;
}

/** What is wrong with the networks that are shown, in the reader's language; null if nothing that is known. */
export async function mistake(): Promise<string | null> {
  const { networks } = experiment.peek();
  for (const [at, network] of networks.entries()) {
    const problem = checks.peek()[at]?.problem;
    if (problem !== null && problem !== undefined) {
      const { problemText } = await import("../network/block_texts.ts");
      return problemText(problem);
    }
    const code = codeChecks.peek()[at];
    if (network.kind === "code" && code?.code === network.code && code.problem !== null)
      return code.problem.message;
  }
  return null;
}

/** The same network in another form: the chapter's as blocks, anything as code to begin with. */
export function changeKind(at: number, kind: NetworkSource["kind"]): void {
  const current = experiment.peek().networks[at];
  if (current.kind === kind) return;
  const size = current.kind === "known" ? current.options.size : current.size;
  remember(at, current);
  const before = remembered(at, kind);
  if (kind === "blocks") {
    const blocks = networkBlocks(experiment.peek(), current);
    const own = blocks ?? (before?.kind === "blocks" ? before.blocks : []);
    setNetwork(at, { kind, size, blocks: own });
  } else if (kind === "known") {
    setNetwork(at, before ?? { kind, name: "lenet", options: { ...KNOWN_FACTS.lenet.options } });
  } else {
    setNetwork(at, before ?? { kind, size, code: firstCode(experiment.peek(), current) });
  }
}

/** What stood in a form before another was chosen, so that changing one's mind loses nothing. */
const earlier = new Map<string, NetworkSource>();
const remember = (at: number, network: NetworkSource) => earlier.set(`${at} ${network.kind}`, network);
const remembered = (at: number, kind: NetworkSource["kind"]) => earlier.get(`${at} ${kind}`);

/** A second network beside the first: the same, with ReLU for sigmoid, as a start for a comparison. */
export function addSecondNetwork(): void {
  const { networks } = experiment.peek();
  const [first] = networks;
  const second: NetworkSource =
    first.kind === "known"
      ? {
          ...first,
          options: { ...first.options, activation: first.options.activation === "relu" ? "sigmoid" : "relu" },
        }
      : first;
  experiment.value = { ...experiment.peek(), networks: [first, second] };
  shownNetwork.value = 1;
  void prepare();
}

export function removeNetwork(at: number): void {
  const { networks } = experiment.peek();
  experiment.value = { ...experiment.peek(), networks: networks.filter((_, i) => i !== at) };
  shownNetwork.value = 0;
  void prepare();
}

/** What a network is called: in charts, beside values. */
export function networkTitle(network: NetworkSource): string {
  return network.kind === "known"
    ? KNOWN_FACTS[network.name].title
    : t(network.kind === "blocks" ? "kindBlocks" : "kindCode");
}
