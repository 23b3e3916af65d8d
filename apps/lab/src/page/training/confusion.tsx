/** Which classes are taken for which. */

import { colourOf, inkOn } from "../parts/colours.ts";
import { Hint } from "../parts/hint.tsx";
import { Scroller } from "../parts/scroller.tsx";
import { className, lastTest, trainer } from "../state/lab.ts";
import { percent, t, theme } from "../state/language.ts";
import { told } from "../state/notices.ts";

export function Confusion({ network }: { readonly network: number }) {
  const test = lastTest.value?.networks[network];
  return (
    <>
      <div class="row">
        <p class="lead small">{t("confusionLead")}</p>
        <Hint term="confusion" />
        <button type="button" class="tiny" onClick={() => void told(() => trainer().call("test"))}>
          {t("testNow")}
        </button>
      </div>
      {test === undefined ? (
        <p class="muted">{t("notTested")}</p>
      ) : (
        <Matrix size={test.confusion.width} values={test.confusion.values} nameOf={className} />
      )}
    </>
  );
}

interface MatrixProps {
  readonly size: number;
  readonly values: Float32Array;
  /** What a class is called. */
  readonly nameOf: (label: number) => string;
}

export function Matrix({ size, values, nameOf }: MatrixProps) {
  const dark = theme() === "dark";
  const rows = Array.from({ length: size }, (_, row) => {
    const cells = [...values.subarray(row * size, (row + 1) * size)];
    return { cells, total: cells.reduce((sum, one) => sum + one, 0) };
  });
  return (
    <Scroller label={t("tabConfusion")}>
      <table class="confusion">
        <caption class="away">{t("confusionLead")}</caption>
        <thead>
          <tr>
            <th scope="col" class="corner">
              {t("trueClass")} ↓ {t("predicted")} →
            </th>
            {rows.map((_, column) => (
              <th key={column} scope="col">
                <span>{nameOf(column)}</span>
              </th>
            ))}
            <th scope="col">
              <span>{t("recall")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ cells, total }, row) => (
            <tr key={row}>
              <th scope="row">{nameOf(row)}</th>
              {cells.map((value, column) => {
                const colour = colourOf(
                  total === 0 ? 0 : value / total,
                  { kind: "amount", least: 0, most: 1 },
                  dark,
                );
                return (
                  <td
                    key={column}
                    class={row === column ? "right" : ""}
                    style={{
                      background: `rgb(${colour[0]} ${colour[1]} ${colour[2]})`,
                      color: inkOn(colour, dark),
                    }}
                    title={t("confusionCell", {
                      count: value,
                      truth: nameOf(row),
                      answer: nameOf(column),
                    })}
                  >
                    {value === 0 ? "" : value}
                  </td>
                );
              })}
              <td class="numbers">{total === 0 ? "—" : percent(cells[row] / total, 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}
