import type { EvaluationDetail } from "#shared/metrics/evaluation-detail.ts";
import { html, type Html } from "./html.ts";

const WIDTH = 320;
const HEIGHT = 180;

interface Line {
  readonly label: string;
  readonly dashed: boolean;
  /** One an epoch; null leaves a gap. */
  readonly values: readonly (number | null)[];
}

/** Lines over epochs from 0 to the largest value, the best epoch marked. */
export function curveChart(title: string, lines: readonly Line[], best: number | null): Html {
  const highest = Math.max(1e-9, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const epochs = Math.max(2, ...lines.map(({ values }) => values.length));
  const x = (index: number): number => (index / (epochs - 1)) * WIDTH;
  const y = (value: number): number => HEIGHT - (value / highest) * HEIGHT;
  return html`<figure>
    <svg
      viewBox="-36 -8 ${WIDTH + 48} ${HEIGHT + 32}"
      width="400"
      height="240"
      role="img"
      aria-label="${title}"
    >
      <rect x="0" y="0" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#ccc" />
      ${
        best === null
          ? null
          : html`<line x1="${x(best - 1)}" x2="${x(best - 1)}" y1="0" y2="${HEIGHT}" stroke="#999" />`
      }
      ${lines.map(({ values, dashed }) => {
        const points = values
          .map((value, index) => (value === null ? null : `${x(index).toFixed(1)},${y(value).toFixed(1)}`))
          .filter((point) => point !== null);
        return html`<polyline
          points="${points.join(" ")}"
          fill="none"
          stroke="#2166ac"
          stroke-width="1.5"
          stroke-dasharray="${dashed ? "5 4" : "none"}"
        />`;
      })}
      <text x="-4" y="4" text-anchor="end">${Number(highest.toPrecision(3))}</text>
      <text x="-4" y="${HEIGHT}" text-anchor="end">0</text>
      <text x="0" y="${HEIGHT + 14}">1</text>
      <text x="${WIDTH}" y="${HEIGHT + 14}" text-anchor="end">epoch ${epochs}</text>
    </svg>
    <figcaption>
      ${title} (${lines.map(({ label, dashed }) => `${label} ${dashed ? "dashed" : "solid"}`).join(", ")})
    </figcaption>
  </figure>`;
}

/** Accuracy by confidence as bars, what was claimed as strokes. */
export function calibrationChart(bins: NonNullable<EvaluationDetail["calibration"]>["bins"]): Html {
  const side = HEIGHT;
  return html`<figure>
    <svg
      viewBox="-30 -8 ${side + 40} ${side + 32}"
      width="300"
      height="290"
      role="img"
      aria-label="Reliability diagram"
    >
      <rect x="0" y="0" width="${side}" height="${side}" fill="none" stroke="#ccc" />
      ${bins.map(({ from, to, accuracy, meanConfidence }) =>
        accuracy === null || meanConfidence === null
          ? html``
          : html`<rect
                x="${from * side + 0.5}"
                y="${(1 - accuracy) * side}"
                width="${(to - from) * side - 1}"
                height="${accuracy * side}"
                fill="#2166ac"
                fill-opacity="0.55"
              /><line
                x1="${from * side}"
                x2="${to * side}"
                y1="${(1 - meanConfidence) * side}"
                y2="${(1 - meanConfidence) * side}"
                stroke="#e08214"
                stroke-width="2"
              />`,
      )}
      <line x1="0" y1="${side}" x2="${side}" y2="0" stroke="#999" stroke-dasharray="3 3" />
      <text x="-4" y="4" text-anchor="end">1</text>
      <text x="-4" y="${side}" text-anchor="end">0</text>
      <text x="0" y="${side + 14}">0</text>
      <text x="${side}" y="${side + 14}" text-anchor="end">confidence 1</text>
    </svg>
    <figcaption>How often it is right (bars) by how sure it is; strokes mark what it claims</figcaption>
  </figure>`;
}
