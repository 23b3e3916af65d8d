/** A network put together of blocks: by dragging, by buttons, or by keys. */
import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ACTIVATION_TYPES, type Block, NEW_BLOCKS } from "../../experiment/blocks.ts";
import type { CheckedBlock } from "../../experiment/check.ts";
import { IMAGE_SIZES, type NetworkSource } from "../../experiment/experiment.ts";
import { IconButton, Select } from "../parts/fields.tsx";
import { Icon } from "../parts/icons.tsx";
import { count, t } from "../state/language.ts";
import { checks, setNetwork } from "../state/networks.ts";
import { say } from "../state/notices.ts";
import { BlockSettings } from "./block_settings.tsx";
import { blockKind, blockName, problemText, shapeText } from "./block_texts.ts";

type Blocks = Extract<NetworkSource, { kind: "blocks" }>;

interface Props {
  readonly at: number;
  readonly network: Blocks;
}

/** The block behind which a new one is put. */
const selected = signal(-1);
const dragged = signal<{ readonly from: number; readonly to: number } | null>(null);

export function BlockList({ at, network }: Props) {
  const { blocks } = network;
  const list = useRef<HTMLOListElement>(null);
  const check = checks.value[at];
  const sizes = [...new Set([...IMAGE_SIZES, network.size])].sort((a, b) => a - b);
  const setBlocks = (next: readonly Block[]) => setNetwork(at, { ...network, blocks: next });
  const focusRow = (index: number) =>
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-block="${index}"]`)?.focus());
  const edit: Editing = {
    set: (index, block) => setBlocks(blocks.map((one, i) => (i === index ? block : one))),
    move(from, to) {
      if (to < 0 || to >= blocks.length || from === to) return;
      setBlocks(moved(blocks, from, to));
      selected.value = to;
      say(t("blockMoved", { name: blockName(blocks[from]), place: to + 1, of: blocks.length }));
      focusRow(to);
    },
    copy(index) {
      setBlocks([...blocks.slice(0, index + 1), blocks[index], ...blocks.slice(index + 1)]);
      selected.value = index + 1;
      focusRow(index + 1);
    },
    remove(index) {
      setBlocks(blocks.filter((_, i) => i !== index));
      selected.value = Math.min(index, blocks.length - 2);
      say(t("blockRemoved", { name: blockName(blocks[index]) }));
      focusRow(Math.min(index, blocks.length - 2));
    },
  };
  const add = (block: Block) => {
    const place =
      selected.peek() < 0 || selected.peek() >= blocks.length ? blocks.length : selected.peek() + 1;
    setBlocks([...blocks.slice(0, place), block, ...blocks.slice(place)]);
    selected.value = place;
    say(t("blockAdded", { name: blockName(block), place: place + 1 }));
  };
  const order = dragged.value === null ? null : dragged.value;
  return (
    <>
      <div class="form">
        <Select
          label={t("imageSize")}
          value={String(network.size)}
          choices={sizes.map((size) => ({ value: String(size), label: `${size} × ${size}` }))}
          onChange={(size) => setNetwork(at, { ...network, size: Number(size) })}
        />
      </div>
      <p class="small muted">{t("blocksHelp")}</p>
      {blocks.length === 0 && <p>{t("noBlocks")}</p>}
      <ol ref={list} class="blocks" aria-label={t("kindBlocks")}>
        {blocks.map((block, index) => (
          <Row
            key={index}
            index={index}
            block={block}
            checked={check?.blocks[index] ?? null}
            total={blocks.length}
            edit={edit}
            shift={order === null ? "" : shiftOf(index, order)}
          />
        ))}
      </ol>
      {check?.problem && check.problem.block >= blocks.length && (
        <p class="notice bad block-problem" role="status">
          {problemText(check.problem)}
        </p>
      )}
      <Palette onAdd={add} />
    </>
  );
}

interface Editing {
  readonly set: (index: number, block: Block) => void;
  readonly move: (from: number, to: number) => void;
  readonly copy: (index: number) => void;
  readonly remove: (index: number) => void;
}

function moved(blocks: readonly Block[], from: number, to: number): Block[] {
  const next = [...blocks];
  const [one] = next.splice(from, 1);
  next.splice(to, 0, one);
  return next;
}

/** Where a row shows the gap into which the dragged block falls. */
function shiftOf(index: number, { from, to }: { readonly from: number; readonly to: number }): string {
  if (index === from) return "dragged";
  if (index === to) return to > from ? "gap-below" : "gap-above";
  return "";
}

interface RowProps {
  readonly index: number;
  readonly block: Block;
  readonly checked: CheckedBlock | null;
  readonly total: number;
  readonly edit: Editing;
  readonly shift: string;
}

function Row({ index, block, checked, total, edit, shift }: RowProps) {
  const name = blockName(block);
  const keys = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      edit.move(index, index + (event.key === "ArrowUp" ? -1 : 1));
    } else if (event.key === "Delete") {
      event.preventDefault();
      edit.remove(index);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const sibling = event.key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling";
      const next = (event.currentTarget as HTMLElement)[sibling] as HTMLElement | null;
      if (next === null) return;
      event.preventDefault();
      next.focus();
    }
  };
  return (
    <li
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move and remove a block (Alt with arrows, Delete).
      tabIndex={0}
      data-block={index}
      class={`block kind-${blockKind(block)} ${selected.value === index ? "selected" : ""} ${shift}`}
      aria-label={t("blockLabel", {
        place: index + 1,
        name,
        shape: checked?.output ? shapeText(checked.output) : "?",
      })}
      onFocus={(event) => {
        if (event.target === event.currentTarget) selected.value = index;
      }}
      onKeyDown={keys}
    >
      <span class="grip" title={t("dragBlock")} onPointerDown={(event) => drag(event, index, edit)}>
        <Icon name="grip" />
      </span>
      <div class="block-body">
        <div class="block-head">
          <strong class="block-name">{name}</strong>
          <span class="block-shape numbers">
            {checked?.output ? shapeText(checked.output) : "—"}
            {checked !== null && checked.parameters > 0 && (
              <span class="muted"> · {t("parameterCount", { count: count(checked.parameters) })}</span>
            )}
          </span>
        </div>
        <BlockSettings block={block} onChange={(next) => edit.set(index, next)} />
        {checked?.problem && (
          <p class="block-problem" role="status">
            <Icon name="warn" />
            {problemText(checked.problem)}
          </p>
        )}
      </div>
      <div class="block-tools">
        <IconButton
          label={t("moveUp", { name })}
          class="quiet tiny"
          disabled={index === 0}
          onClick={() => edit.move(index, index - 1)}
        >
          <Icon name="up" />
        </IconButton>
        <IconButton
          label={t("moveDown", { name })}
          class="quiet tiny"
          disabled={index === total - 1}
          onClick={() => edit.move(index, index + 1)}
        >
          <Icon name="down" />
        </IconButton>
        <IconButton label={t("copyBlock", { name })} class="quiet tiny" onClick={() => edit.copy(index)}>
          <Icon name="copy" />
        </IconButton>
        <IconButton label={t("removeBlock", { name })} class="quiet tiny" onClick={() => edit.remove(index)}>
          <Icon name="trash" />
        </IconButton>
      </div>
    </li>
  );
}

/** Follows the pointer from the grip until it is let go; the block then stands where the gap is. */
function drag(event: PointerEvent, from: number, edit: Editing): void {
  if (event.button !== 0) return;
  event.preventDefault();
  const grip = event.currentTarget as HTMLElement;
  const rows = [...(grip.closest("ol")?.children ?? [])];
  grip.setPointerCapture(event.pointerId);
  dragged.value = { from, to: from };
  const over = (move: PointerEvent) => {
    const to = rows.findIndex((row) => {
      const box = row.getBoundingClientRect();
      return move.clientY < box.bottom;
    });
    dragged.value = { from, to: to < 0 ? rows.length - 1 : to };
  };
  const end = (cancelled: boolean) => {
    grip.removeEventListener("pointermove", over);
    const { to } = dragged.peek() ?? { to: from };
    dragged.value = null;
    if (!cancelled) edit.move(from, to);
  };
  grip.addEventListener("pointermove", over);
  grip.addEventListener("pointerup", () => end(false), { once: true });
  grip.addEventListener("pointercancel", () => end(true), { once: true });
}

const GROUPS = [
  { name: "groupConvolution", types: ["Conv2d", "Inception"] },
  { name: "groupPooling", types: ["MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"] },
  { name: "groupDense", types: ["Flatten", "Linear"] },
  { name: "groupActivation", types: ACTIVATION_TYPES },
  { name: "groupOther", types: ["BatchNorm2d", "BatchNorm1d", "Dropout"] },
] as const;

function Palette({ onAdd }: { readonly onAdd: (block: Block) => void }) {
  return (
    <section class="palette" aria-label={t("addBlock")}>
      <h2>{t("addBlock")}</h2>
      {GROUPS.map((group) => (
        <div key={group.name} class="palette-group">
          <span class="small muted">{t(group.name)}</span>
          <div class="row">
            {NEW_BLOCKS.filter((block) => (group.types as readonly string[]).includes(block.type)).map(
              (block) => (
                <button
                  key={block.type}
                  type="button"
                  class={`tiny chip kind-${blockKind(block)}`}
                  onClick={() => onAdd(block)}
                >
                  <Icon name="plus" />
                  {blockName(block)}
                </button>
              ),
            )}
          </div>
        </div>
      ))}
    </section>
  );
}
