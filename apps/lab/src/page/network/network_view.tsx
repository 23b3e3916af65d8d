/** Second step: the network, or two that are compared. */
import "../styles/network.css";
import type { NetworkSource } from "../../experiment/experiment.ts";
import { Segments } from "../parts/choice.tsx";
import { Icon } from "../parts/icons.tsx";
import { NetworkSwitch } from "../parts/network_switch.tsx";
import { experiment, shownNetwork } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { addSecondNetwork, changeKind, removeNetwork } from "../state/networks.ts";
import { BlockList } from "./block_list.tsx";
import { CodeView } from "./code_view.tsx";
import { Drawing } from "./drawing.tsx";
import { KnownForm } from "./known_form.tsx";
import { LayerTable } from "./layer_table.tsx";

export function NetworkView() {
  const { networks } = experiment.value;
  const at = Math.min(shownNetwork.value, networks.length - 1);
  const network = networks[at];
  return (
    <div class="stack">
      <NetworkChoice at={at} networks={networks} />
      <div class="columns network-columns">
        <section class="card stack" aria-label={t("headNetwork")}>
          <Segments
            label={t("networkKind")}
            value={network.kind}
            choices={[
              { value: "known", label: t("kindKnown") },
              { value: "blocks", label: t("kindBlocks") },
              { value: "code", label: t("kindCode") },
            ]}
            onChange={(kind) => changeKind(at, kind)}
          />
          <Editor key={at} at={at} network={network} />
        </section>
        <div class="stack">
          <Drawing key={at} at={at} network={network} />
          <LayerTable at={at} network={network} />
        </div>
      </div>
    </div>
  );
}

function Editor({ at, network }: { readonly at: number; readonly network: NetworkSource }) {
  if (network.kind === "known") return <KnownForm at={at} network={network} />;
  if (network.kind === "blocks") return <BlockList at={at} network={network} />;
  return <CodeView at={at} network={network} />;
}

function NetworkChoice({
  at,
  networks,
}: {
  readonly at: number;
  readonly networks: readonly NetworkSource[];
}) {
  if (networks.length === 1) {
    return (
      <div class="row">
        <button type="button" onClick={addSecondNetwork}>
          <Icon name="compare" />
          {t("addSecond")}
        </button>
      </div>
    );
  }
  return (
    <div class="row">
      <NetworkSwitch at={at} />
      <button type="button" class="quiet" onClick={() => removeNetwork(at)}>
        <Icon name="trash" />
        {t("removeNetwork", { name: at === 0 ? "A" : "B" })}
      </button>
    </div>
  );
}
