/** A network as code: the editor is loaded when it is opened; the worker runs the code and says what it finds. */
import { useEffect, useRef, useState } from "preact/hooks";
import { IMAGE_SIZES, type NetworkSource } from "../../experiment/experiment.ts";
import { Select } from "../parts/fields.tsx";
import { Icon } from "../parts/icons.tsx";
import { checkCodeSoon } from "../state/code_check.ts";
import { t, theme } from "../state/language.ts";
import { codeChecks, setNetwork } from "../state/networks.ts";
import type { Editor } from "./code_mirror.ts";

type Code = Extract<NetworkSource, { kind: "code" }>;

interface Props {
  readonly at: number;
  readonly network: Code;
}

export function CodeView({ at, network }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const latest = useRef(network);
  latest.current = network;
  const [failed, setFailed] = useState(false);
  const problem = codeChecks.value[at]?.problem ?? null;
  useEffect(() => {
    let closed = false;
    checkCodeSoon(at);
    import("./code_mirror.ts").then(
      ({ openEditor }) => {
        if (closed || place.current === null) return;
        editor.current = openEditor({
          parent: place.current,
          code: latest.current.code,
          label: t("kindCode"),
          onChange(code) {
            setNetwork(at, { ...latest.current, code });
            checkCodeSoon(at);
          },
        });
        editor.current.setDark(theme() === "dark");
      },
      () => setFailed(true),
    );
    return () => {
      closed = true;
      editor.current?.close();
      editor.current = null;
    };
  }, [at]);
  useEffect(() => editor.current?.setDark(theme() === "dark"), [theme()]);
  useEffect(() => editor.current?.mark(problem), [problem]);
  useEffect(() => editor.current?.setCode(network.code), [network.code]);
  return (
    <>
      <p class="small muted">{t("codeHelp")}</p>
      <div class="form">
        <Select
          label={t("imageSize")}
          value={String(network.size)}
          choices={[...new Set([...IMAGE_SIZES, network.size])].map((size) => ({
            value: String(size),
            label: `${size} × ${size}`,
          }))}
          onChange={(size) => {
            setNetwork(at, { ...network, size: Number(size) });
            checkCodeSoon(at);
          }}
        />
      </div>
      <div ref={place} class="editor" />
      {failed && <PlainEditor at={at} network={network} />}
      <div role="status">
        {problem !== null && (
          <p class="notice bad block-problem">
            <Icon name="warn" />
            <span>
              {problem.line !== null && <strong>{t("lineNumber", { line: problem.line })} </strong>}
              {problem.message}
            </span>
          </p>
        )}
      </div>
    </>
  );
}

/** If the editor's script cannot be loaded. */
function PlainEditor({ at, network }: Props) {
  return (
    <textarea
      class="code"
      rows={16}
      aria-label={t("kindCode")}
      spellcheck={false}
      value={network.code}
      onInput={(event) => {
        setNetwork(at, { ...network, code: event.currentTarget.value });
        checkCodeSoon(at);
      }}
    />
  );
}
