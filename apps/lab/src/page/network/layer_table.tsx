/** Layers with shapes and parameters, and what the network costs. */
import { MOST_TRAINING_BYTES } from "../../experiment/check.ts";
import type { NetworkSource } from "../../experiment/experiment.ts";
import type { LayerFacts } from "../../worker/protocol.ts";
import { Hint } from "../parts/hint.tsx";
import { Icon } from "../parts/icons.tsx";
import { Scroller } from "../parts/scroller.tsx";
import { experiment } from "../state/lab.ts";
import { count, t } from "../state/language.ts";
import { checks, codeChecks } from "../state/networks.ts";
import { blockKind, blockName, problemText, shapeText } from "./block_texts.ts";

interface Row {
  readonly name: string;
  readonly kind: string;
  readonly shape: string;
  readonly parameters: number;
  readonly problem: string | null;
}

export function LayerTable({ at, network }: { readonly at: number; readonly network: NetworkSource }) {
  const rows = network.kind === "code" ? codeRows(codeChecks.value[at]?.facts?.layers ?? []) : blockRows(at);
  const costs = costsOf(at, network);
  return (
    <div class="card">
      <div class="row spread">
        <div class="row">
          <h2>{t("layers")}</h2>
          <Hint term="parameters" />
        </div>
        {costs !== null && (
          <p class="small numbers" role="status">
            <strong>{t("parameterCount", { count: count(costs.parameters) })}</strong>
            <span class="muted"> · {t("multiplyAdds", { count: amount(costs.multiplyAdds) })}</span>
          </p>
        )}
      </div>
      {costs !== null && costs.bytes > MOST_TRAINING_BYTES && (
        <p class="notice warn" role="status">
          <Icon name="warn" />
          <span>
            {t("tooLarge", { size: gigabytes(costs.bytes), batch: experiment.value.training.batchSize })}
          </span>
        </p>
      )}
      <Scroller class="layers" label={t("layers")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              <th scope="col" class="numbers">
                {t("outputShape")}
              </th>
              <th scope="col" class="numbers">
                {t("parametersShort")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i} class={row.problem === null ? "" : "wrong"}>
                <td>
                  <span class={`dot kind-${row.kind}`} aria-hidden="true" />
                  {row.name}
                  {row.problem !== null && <span class="block-problem small">{row.problem}</span>}
                </td>
                <td class="numbers">{row.shape}</td>
                <td class="numbers">{row.parameters === 0 ? "" : count(row.parameters)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </div>
  );
}

function blockRows(at: number): Row[] {
  return (checks.value[at]?.blocks ?? []).map(({ block, output, parameters, problem }) => ({
    name: blockName(block),
    kind: blockKind(block),
    shape: output === null ? "—" : shapeText(output),
    parameters,
    problem: problem === null ? null : problemText(problem),
  }));
}

function codeRows(layers: readonly LayerFacts[]): Row[] {
  return layers.map(({ path, kind, shape, parameters }) => ({
    name: `${path} ${kind}`,
    kind: blockKind({ type: kind as "Conv2d" }),
    shape: shapeText(shape),
    parameters,
    problem: null,
  }));
}

function costsOf(at: number, network: NetworkSource) {
  if (network.kind === "code") {
    const facts = codeChecks.value[at]?.facts;
    return facts ? { parameters: facts.parameters, multiplyAdds: facts.multiplyAdds, bytes: 0 } : null;
  }
  const check = checks.value[at];
  if (!check) return null;
  const { batchSize } = experiment.value.training;
  return {
    parameters: check.parameters,
    multiplyAdds: check.multiplyAdds,
    bytes: check.trainingBytes(batchSize),
  };
}

const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);

function amount(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return `${(value / 1e3).toFixed(0)} k`;
}
