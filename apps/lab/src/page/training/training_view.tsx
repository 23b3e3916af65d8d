/** Third step: it trains, and one watches. */
import "../styles/network.css";
import "../styles/training.css";
import { signal } from "@preact/signals";
import { Tabs } from "../parts/choice.tsx";
import { NetworkSwitch } from "../parts/network_switch.tsx";
import { experiment, lastPoint, prepared, shownNetwork, state } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { served } from "../state/served.ts";
import { Activations } from "./activations.tsx";
import { Checkpoints } from "./checkpoints.tsx";
import { Confusion } from "./confusion.tsx";
import { Controls } from "./controls.tsx";
import { Curves } from "./curves.tsx";
import { Filters } from "./filters.tsx";
import { Gradients } from "./gradients.tsx";
import { LiveView } from "./live_view.tsx";

const INSIDES = ["activations", "filters", "confusion", "gradients"] as const;
type Inside = (typeof INSIDES)[number];

const inside = signal<Inside>("activations");

const NAMES = {
  activations: "tabActivations",
  filters: "tabFilters",
  confusion: "tabConfusion",
  gradients: "tabGradients",
} as const;

const PANELS = { activations: Activations, filters: Filters, confusion: Confusion, gradients: Gradients };

export function TrainingView() {
  const { live } = served.value;
  // One that the command line runs, until its run has been opened here.
  if (live !== null && lastPoint.value === null && state.value !== "playing")
    return <LiveView address={live} />;
  return (
    <div class="columns training-columns">
      <Controls />
      <div class="stack">
        <Curves />
        <Checkpoints />
        <Insides />
      </div>
    </div>
  );
}

function Insides() {
  const chosen = inside.value;
  const Panel = PANELS[chosen];
  const at = Math.min(shownNetwork.value, experiment.value.networks.length - 1);
  return (
    <section class="card stack" aria-label={t("insides")}>
      <div class="row spread">
        <Tabs
          label={t("insides")}
          panel="insides"
          value={chosen}
          choices={INSIDES.map((value) => ({ value, label: t(NAMES[value]) }))}
          onChange={(value) => {
            inside.value = value;
          }}
        />
        <NetworkSwitch at={at} />
      </div>
      <div id="insides" role="tabpanel" aria-labelledby={`insides-${chosen}`} class="stack">
        {prepared.value === null ? (
          <p class="muted">{t("notPrepared")}</p>
        ) : (
          <Panel key={`${chosen} ${at}`} network={Math.min(at, prepared.value.networks.length - 1)} />
        )}
      </div>
    </section>
  );
}
