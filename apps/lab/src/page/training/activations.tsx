/** The feature maps of an image, layer by layer; a map opens the explorer. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DataImage, ImageInput, LayerMaps } from "../../worker/protocol.ts";
import { amountScale } from "../parts/colours.ts";
import { IconButton } from "../parts/fields.tsx";
import { Hint } from "../parts/hint.tsx";
import { Icon } from "../parts/icons.tsx";
import { GridCanvas, ShownImageCanvas } from "../parts/shown_image.tsx";
import { useFresh } from "../state/fresh.ts";
import { className, dataFacts, lookedAt, trainer } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { Explorer, type MapPlace } from "./explorer.tsx";
import { layerTitle } from "./layer_title.ts";

const SHOWN_IMAGES = 10;
const MOST_MAPS = 24;

const strip = signal<readonly DataImage[]>([]);
const stripFrom = signal(0);
const opened = signal<MapPlace | null>(null);

export function Activations({ network }: { readonly network: number }) {
  const image = lookedAt.value;
  const layers = useFresh(
    () => trainer().call("activations", { network, image, most: MOST_MAPS }),
    `${network} ${keyOf(image)}`,
  );
  const place = opened.value;
  const layer = layers?.find(({ path }) => path === place?.path);
  return (
    <>
      <div class="row">
        <p class="lead small">{t("activationsLead")}</p>
        <Hint term="featureMap" />
      </div>
      <Strip />
      {place !== null && layer !== undefined && layers !== null && (
        <Explorer
          network={network}
          image={image}
          imageKey={keyOf(image)}
          layers={layers}
          layer={layer}
          place={place}
          onPlace={(next) => {
            opened.value = next;
          }}
        />
      )}
      <ol class="layer-maps">
        {(layers ?? []).map((one) => (
          <Layer key={one.path} layer={one} />
        ))}
      </ol>
    </>
  );
}

let pixelsSeen = 0;
const numbers = new WeakMap<object, number>();

/** Pixels and files have no name: each gets a number when it is first seen. */
function keyOf(image: ImageInput): string {
  if (image.kind === "train" || image.kind === "test") return `${image.kind} ${image.index}`;
  if (!numbers.has(image)) numbers.set(image, ++pixelsSeen);
  return `own ${numbers.get(image)}`;
}

/** Test images to choose from. */
function Strip() {
  const from = stripFrom.value;
  const facts = dataFacts.value;
  useEffect(() => {
    if (facts === null) return;
    let over = false;
    trainer()
      .call("images", { split: "test", from, count: SHOWN_IMAGES, label: null })
      .then(
        (images) => {
          if (!over) strip.value = images;
        },
        () => {},
      );
    return () => {
      over = true;
    };
  }, [from, facts]);
  const chosen = lookedAt.value;
  const move = (by: number) => {
    stripFrom.value = Math.max(0, Math.min(from + by, Math.max(0, (facts?.testCount ?? 1) - SHOWN_IMAGES)));
  };
  return (
    <fieldset class="strip">
      <legend class="away">{t("chooseImage")}</legend>
      <IconButton
        label={t("earlierImages")}
        class="quiet"
        disabled={from === 0}
        onClick={() => move(-SHOWN_IMAGES)}
      >
        <span class="turn-left">
          <Icon name="up" />
        </span>
      </IconButton>
      {strip.value.map((one) => (
        <label key={one.index} class="strip-image" title={className(one.label)}>
          <input
            type="radio"
            name="looked-at"
            class="away"
            checked={chosen.kind === "test" && chosen.index === one.index}
            onChange={() => {
              lookedAt.value = { kind: "test", index: one.index };
            }}
          />
          <ShownImageCanvas image={one.image} />
          <span class="away">{t("testImage", { number: one.index, name: className(one.label) })}</span>
        </label>
      ))}
      {chosen.kind !== "test" && <span class="badge">{t("ownImageLooked")}</span>}
      <IconButton
        label={t("laterImages")}
        class="quiet"
        disabled={facts === null || from + SHOWN_IMAGES >= facts.testCount}
        onClick={() => move(SHOWN_IMAGES)}
      >
        <span class="turn-right">
          <Icon name="up" />
        </span>
      </IconButton>
    </fieldset>
  );
}

function Layer({ layer }: { readonly layer: LayerMaps }) {
  const vector = layer.shape.length === 1;
  const place = opened.value;
  return (
    <li>
      <p class="small layer-name">{layerTitle(layer)}</p>
      <div class={vector ? "maps vector" : "maps"}>
        {layer.maps.map((map, channel) => (
          <button
            key={channel}
            type="button"
            class="map"
            aria-pressed={place?.path === layer.path && place.channel === channel}
            aria-label={t(vector ? "openVector" : "openMap", { layer: layer.path, channel: channel + 1 })}
            onClick={() => {
              opened.value = {
                path: layer.path,
                channel,
                row: Math.floor(map.height / 2),
                column: Math.floor(map.width / 2),
              };
            }}
          >
            <GridCanvas grid={map} scale={amountScale(map.values)} />
          </button>
        ))}
        {!vector && layer.maps.length < layer.shape[0] && (
          <span class="small muted">{t("moreMaps", { count: layer.shape[0] - layer.maps.length })}</span>
        )}
      </div>
    </li>
  );
}
