/** Last step: code, weights and the whole experiment go home. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { convoyantCode, pytorchCode } from "../../code/network_code.ts";
import { toHash } from "../../experiment/address.ts";
import type { WordName } from "../../words/en.ts";
import type { ExportFormat } from "../../worker/protocol.ts";
import { Tabs } from "../parts/choice.tsx";
import { DropZone, FileButton } from "../parts/drop.tsx";
import { Check } from "../parts/fields.tsx";
import { Icon } from "../parts/icons.tsx";
import { NetworkSwitch } from "../parts/network_switch.tsx";
import { experiment, lastPoint, prepared, shownNetwork, trainer } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { say, told } from "../state/notices.ts";
import { openFile } from "../state/open_file.ts";
import { pythonOf, writePython } from "../state/python_code.ts";
import { saveFile, saveText } from "./save.ts";

export function HomeView() {
  const at = Math.min(shownNetwork.value, experiment.value.networks.length - 1);
  return (
    <div class="stack">
      <NetworkSwitch at={at} />
      <div class="columns home-columns">
        <Code at={at} />
        <div class="stack">
          <Weights at={at} />
          <WholeExperiment at={at} />
        </div>
      </div>
    </div>
  );
}

type Language = "convoyant" | "pytorch";
const language = signal<Language>("convoyant");

const WEIGHTS_NAME = "weights.safetensors";

function Code({ at }: { readonly at: number }) {
  const chosen = language.value;
  const trained = lastPoint.value !== null;
  const code = codeOf(chosen, at, trained);
  const source = experiment.value.networks[at];
  useEffect(() => {
    if (chosen === "pytorch") void writePython(at);
  }, [chosen, at, source]);
  const name = chosen === "convoyant" ? "network.ts" : "network.py";
  return (
    <section class="card stack" aria-labelledby="code">
      <div class="row spread">
        <h2 id="code">{t("asCode")}</h2>
        <Tabs
          label={t("asCode")}
          panel="code-panel"
          value={chosen}
          choices={[
            { value: "convoyant", label: "Convoyant" },
            { value: "pytorch", label: "PyTorch" },
          ]}
          onChange={(value) => {
            language.value = value;
          }}
        />
      </div>
      <div id="code-panel" role="tabpanel" aria-labelledby={`code-panel-${chosen}`} class="stack">
        {code.text === null ? (
          <p class="notice warn">{code.problem}</p>
        ) : (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the focus. */}
            <pre class="code" tabIndex={0}>
              {code.text}
            </pre>
            <div class="row">
              <button type="button" onClick={() => void copy(code.text!)}>
                <Icon name="copy" />
                {t("copy")}
              </button>
              <button type="button" onClick={() => saveText(name, code.text!)}>
                <Icon name="home" />
                {name}
              </button>
            </div>
          </>
        )}
        <p class="small muted">
          {t(trained ? "codeWithWeights" : "codeWithoutWeights", { file: WEIGHTS_NAME })}
        </p>
      </div>
    </section>
  );
}

function codeOf(chosen: Language, at: number, trained: boolean): { text: string | null; problem: string } {
  const source = experiment.value.networks[at];
  const python = chosen === "pytorch" && source.kind === "code" ? pythonOf(source.code) : undefined;
  if (python === null) return { text: null, problem: t("preparing") };
  if (python !== undefined && python.definition === null) return { text: null, problem: python.problem };
  const weights = trained ? WEIGHTS_NAME : null;
  const options = { network: at, weights, definition: python?.definition ?? null };
  try {
    const make = chosen === "convoyant" ? convoyantCode : pytorchCode;
    return { text: make(experiment.value, options), problem: "" };
  } catch (error) {
    return { text: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(t("copied"));
  } catch {
    say(t("notCopied"));
  }
}

const FILES: readonly { readonly format: ExportFormat; readonly title: WordName; readonly text: WordName }[] =
  [
    { format: "safetensors", title: "titleSafetensors", text: "fileSafetensors" },
    { format: "onnx", title: "titleOnnx", text: "fileOnnx" },
    { format: "page", title: "titlePage", text: "filePage" },
    { format: "run", title: "titleRun", text: "fileRun" },
  ];

const making = signal<ExportFormat | null>(null);

async function make(format: ExportFormat, network: number, withImages = false): Promise<void> {
  making.value = format;
  const file = await told(() => trainer().call("export", { network, format, withImages }));
  making.value = null;
  if (file === null) return;
  saveFile(file);
  say(t("saved", { name: file.name }));
}

function Weights({ at }: { readonly at: number }) {
  const ready = prepared.value !== null;
  return (
    <section class="card" aria-labelledby="weights">
      <h2 id="weights">{t("withWeights")}</h2>
      {!ready && <p class="muted small">{t("notPrepared")}</p>}
      <ul class="files">
        {FILES.map(({ format, title, text }) => (
          <li key={format}>
            <button
              type="button"
              disabled={!ready || making.value !== null}
              onClick={() => void make(format, at)}
            >
              <Icon name="home" />
              {t(title)}
            </button>
            <span class="small muted">{t(text)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const withImages = signal(false);

function WholeExperiment({ at }: { readonly at: number }) {
  const own = experiment.value.data.kind === "images";
  return (
    <section class="card stack" aria-labelledby="whole">
      <h2 id="whole">{t("wholeExperiment")}</h2>
      <div class="row">
        <button type="button" onClick={() => void copyLink()}>
          <Icon name="link" />
          {t("copyLink")}
        </button>
        <button
          type="button"
          disabled={prepared.value === null}
          onClick={() => void make("experiment", at, own && withImages.value)}
        >
          <Icon name="home" />
          {t("saveExperiment")}
        </button>
      </div>
      {own && (
        <Check
          label={t("withOwnImages")}
          checked={withImages.value}
          onChange={(checked) => {
            withImages.value = checked;
          }}
        />
      )}
      <p class="small muted">{t(own ? "linkWithoutImages" : "linkText")}</p>
      <DropZone label={t("openFile")} onFiles={(files) => void openFile(files[0])} class="small-drop">
        <p class="small">{t("openFileText")}</p>
        <FileButton
          name={t("openFile")}
          onFiles={(files) => void openFile(files[0])}
          label={
            <>
              <Icon name="folder" />
              {t("openFile")}
            </>
          }
        />
      </DropZone>
    </section>
  );
}

async function copyLink(): Promise<void> {
  const hash = await toHash(experiment.peek());
  history.replaceState(null, "", `#${hash}`);
  await copy(location.href);
}
