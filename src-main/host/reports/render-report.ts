import { classRows } from "#shared/metrics/class-rows.ts";
import { NORMAL_95 } from "#shared/metrics/area-estimate.ts";
import { hectaresWords } from "#shared/metrics/hectares-words.ts";
import { html, type Html } from "./html.ts";
import { calibrationChart, curveChart } from "./report-charts.ts";
import type {
  ReportConfusion,
  ReportDocument,
  ReportMosaic,
  ReportPicture,
  ReportSubject,
} from "./report-document.ts";
import { reportStyle } from "./report-style.ts";

const PART_COLORS = {
  training: "#2166ac",
  validation: "#e08214",
  test: "#762a83",
  unused: "#9a9a9a",
} as const;

type RunSubject = Extract<ReportSubject, { kind: "run" }>;

/** The report as one HTML page that needs nothing else. */
export function renderReport(document: ReportDocument): string {
  const { title, evaluation, subject } = document;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="generator" content="Orthomask ${document.version}">
<title>${html`${title}`.text}</title>
<style>${reportStyle}</style>
</head>
<body>
${[
  header(document),
  summary(document),
  dataSection(document),
  ...(subject.kind === "run" ? [splitSection(document, subject), curvesSection(subject.run)] : []),
  classSection(document),
  matrixSection(document),
  calibrationSection(document),
  placesSection(document),
  ...(subject.kind === "run" ? [settingsSection(subject)] : []),
  repeatSection(document),
]
  .map(({ text }) => text)
  .join("\n")}
<script type="application/json" id="evaluation">${scriptJson(evaluation)}</script>
${
  subject.kind === "run"
    ? `<script type="application/json" id="run">${scriptJson({ id: subject.run.id, best: subject.run.best })}</script>`
    : ""
}
</body>
</html>
`;
}

/** JSON for a script element: a class named "</script>" must not end it. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function header({ title, projectName, createdAt, subject, version }: ReportDocument): Html {
  const what =
    subject.kind === "run"
      ? `Land-cover mapping with ${subject.run.name} on ${projectName}.`
      : `Masks of ${subject.path} against the labels of ${projectName}.`;
  return html`<header>
    <h1>${title}</h1>
    <p>${what} Written ${createdAt.slice(0, 10)} by Orthomask ${version}.</p>
  </header>`;
}

/** A number of the evaluation: its place there is kept beside it, so that each can be traced; `report.confusion.total` is the sum of the matrix. */
function value(path: string, number: number | null, shown: string): Html {
  return html`<span data-path="${path}" data-value="${number === null ? "null" : String(number)}"
    >${number === null ? "–" : shown}</span
  >`;
}

function score(path: string, number: number | null): Html {
  return value(path, number, number === null ? "" : number.toFixed(3));
}

function count(path: string, number: number): Html {
  return value(path, number, number.toLocaleString("en"));
}

function summary({ evaluation, beware }: ReportDocument): Html {
  const { report, detail, counted } = evaluation;
  const overall = detail?.areas?.overallAccuracy ?? null;
  const absent = report.perClass.filter(({ id }) => report.absentClassIds.includes(id));
  return html`<section>
    <div class="figures">
      <div><b>${score("report.meanIou", report.meanIou)}</b>mean IoU</div>
      <div>
        <b>${score("report.frequencyWeightedIou", report.frequencyWeightedIou)}</b>frequency-weighted IoU
      </div>
      <div><b>${score("report.accuracy", report.accuracy)}</b>overall accuracy</div>
      <div><b>${score("report.kappa", report.kappa)}</b>kappa</div>
    </div>
    <p>
      Counted on ${counted}:
      ${count(
        "report.confusion.total",
        report.confusion.flat().reduce((sum, pixels) => sum + pixels, 0),
      )}
      labelled pixels.
      ${
        absent.length === 0
          ? ""
          : `Left out of the mean, because they are neither in the labels nor in the prediction: ${absent
              .map(({ name }) => name)
              .join(", ")}.`
      }
      ${
        report.unpredictedPixels === 0
          ? null
          : html`${count("report.unpredictedPixels", report.unpredictedPixels)} labelled pixels have no
            prediction and count nowhere.`
      }
      ${
        overall === null
          ? null
          : html`Weighted by mapped areas, the overall accuracy is
            ${score("detail.areas.overallAccuracy.value", overall.value)} ±
            ${value(
              "detail.areas.overallAccuracy.standardError",
              overall.standardError,
              marginWords(NORMAL_95 * overall.standardError),
            )}
            (95 %).`
      }
    </p>
    ${beware.length === 0 ? null : html`<p><b>${beware.join(" ")}</b></p>`}
  </section>`;
}

/** Never "0.000", which would say that there is none. */
function marginWords(margin: number): string {
  return margin > 0 && margin < 0.0005 ? "less than 0.001" : margin.toFixed(3);
}

function picture({ url, width, height }: ReportPicture, alt: string): Html {
  return html`<img src="${url}" width="${width}" height="${height}" alt="${alt}" />`;
}

function dataSection({ mosaics, furtherMosaics, folder, subject }: ReportDocument): Html {
  const left = subject.kind === "masks" ? subject : { resampled: [], withoutMask: [] };
  return html`<section>
    <h2>Data</h2>
    <p>${folder}</p>
    <table>
      <thead>
        <tr>
          <th>Mosaic</th>
          <th>File</th>
          <th>What it is</th>
        </tr>
      </thead>
      <tbody>
        ${mosaics.map(
          ({ name, fileName, facts }) =>
            html`<tr>
              <th>${name}</th>
              <td>${fileName}</td>
              <td>${facts}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${furtherMosaics === 0 ? null : html`<p>and ${furtherMosaics} more mosaics.</p>`}
    ${
      left.resampled.length === 0
        ? null
        : html`<p>Masks on another grid, resampled by the nearest pixel: ${left.resampled.join(", ")}.</p>`
    }
    ${
      left.withoutMask.length === 0
        ? null
        : html`<p>Labelled, but without a mask there: ${left.withoutMask.join(", ")}.</p>`
    }
  </section>`;
}

function splitSection({ mosaics }: ReportDocument, { tileCounts, run }: RunSubject): Html {
  const shown = (["training", "validation", "test"] as const).filter((part) => tileCounts[part] > 0);
  return html`<section>
    <h2>What was learned from, and what was measured on</h2>
    <p class="keys">
      ${shown.map(
        (part) =>
          html`<span
            ><i style="background:${PART_COLORS[part]}"></i>${part}: ${tileCounts[part]} tiles of
            ${run.settings.tilePixels} px</span
          >`,
      )}
    </p>
    <div class="maps">${mosaics.map(splitMap)}</div>
  </section>`;
}

function splitMap({ name, width, height, overview, tiles }: ReportMosaic): Html {
  return html`<figure>
    <div class="map" style="width:${overview.width}px;height:${overview.height}px">
      ${picture(overview, name)}
      <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">
        ${tiles
          .filter(({ part }) => part !== "unused")
          .map(
            (tile) =>
              html`<rect
                x="${tile.x}"
                y="${tile.y}"
                width="${tile.width}"
                height="${tile.height}"
                fill="${PART_COLORS[tile.part]}"
                fill-opacity="0.28"
                stroke="${PART_COLORS[tile.part]}"
                vector-effect="non-scaling-stroke"
              />`,
          )}
      </svg>
    </div>
    <figcaption>${name}</figcaption>
  </figure>`;
}

function curvesSection(run: RunSubject["run"]): Html {
  const series = (key: "loss" | "valLoss" | "valMeanIou"): (number | null)[] =>
    run.history.map((record) => (Number.isFinite(record[key]) ? record[key] : null));
  return html`<section>
    <h2>Training</h2>
    <div class="charts">
      ${curveChart(
        "Loss",
        [
          { label: "training", dashed: false, values: series("loss") },
          { label: "validation", dashed: true, values: series("valLoss") },
        ],
        run.best?.epoch ?? null,
      )}
      ${curveChart(
        "Validation mean IoU",
        [{ label: "validation", dashed: true, values: series("valMeanIou") }],
        run.best?.epoch ?? null,
      )}
    </div>
    <p>
      ${run.history.length} epochs of
      ${run.settings.epochs}${
        run.best === null
          ? ""
          : `; the network of epoch ${run.best.epoch} is the best, with a mean IoU of ${run.best.meanIou.toFixed(3)} on its validation tiles`
      }.
      ${run.parameters.toLocaleString("en")} parameters.
    </p>
  </section>`;
}

function classSection({ evaluation: { report, detail } }: ReportDocument): Html {
  const rows = classRows(report, detail?.areas ?? null);
  const hasAreas = rows.some(({ area }) => area !== null);
  const hectares = (
    index: number,
    key: "mapped" | "estimated" | "standardError",
    inHectares: number | null,
  ): Html =>
    value(
      `detail.areas.classes.${index}.${key}`,
      detail?.areas?.classes[index]?.[key] ?? null,
      inHectares === null ? "" : hectaresWords(inHectares),
    );
  return html`<section>
    <h2>Classes</h2>
    <table class="numbers">
      <thead>
        <tr>
          <th>Class</th>
          <th>IoU</th>
          <th>Dice</th>
          <th>User’s accuracy</th>
          <th>Producer’s accuracy</th>
          <th>Labelled, px</th>
          <th>Predicted, px</th>
          ${
            hasAreas
              ? html`<th>Mapped, ha</th>
                  <th>Estimated area, ha</th>
                  <th>Standard error, ha</th>
                  <th>95 % interval, ha</th>`
              : null
          }
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row, index) =>
            html`<tr>
              <th><i style="background:${row.color}"></i>${row.name}</th>
              <td>${score(`report.perClass.${index}.iou`, row.iou)}</td>
              <td>${score(`report.perClass.${index}.dice`, row.dice)}</td>
              <td>${score(`report.perClass.${index}.precision`, row.usersAccuracy)}</td>
              <td>${score(`report.perClass.${index}.recall`, row.producersAccuracy)}</td>
              <td>${count(`report.perClass.${index}.truthPixels`, row.truthPixels)}</td>
              <td>${count(`report.perClass.${index}.predictedPixels`, row.predictedPixels)}</td>
              ${
                row.area === null
                  ? null
                  : html`<td>${hectares(index, "mapped", row.area.mapped)}</td>
                      <td>${hectares(index, "estimated", row.area.estimated)}</td>
                      <td>${hectares(index, "standardError", row.area.standardError)}</td>
                      <td>
                        ${
                          row.area.low === null || row.area.high === null
                            ? "–"
                            : `${hectaresWords(row.area.low)}–${hectaresWords(row.area.high)}`
                        }
                      </td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
    ${
      hasAreas
        ? html`<p>
            Areas are error-adjusted (Olofsson et al. 2014, Remote Sensing of Environment 148, equations 9 to
            11). Their standard errors take pixels for independent samples; neighbours resemble each other, so
            read them as a lower bound.
          </p>`
        : null
    }
  </section>`;
}

function matrixSection({ evaluation: { report } }: ReportDocument): Html {
  return html`<section>
    <h2>What is taken for what</h2>
    <table class="matrix">
      <thead>
        <tr>
          <th>labelled ↓ predicted →</th>
          ${report.classes.map(({ name }) => html`<th>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${report.confusion.map((row, truth) => {
          const total = row.reduce((sum, pixels) => sum + pixels, 0);
          return html`<tr>
            <th>${report.classes[truth]?.name ?? ""}</th>
            ${row.map((pixels, predicted) => {
              const share = total === 0 ? 0 : pixels / total;
              return html`<td
                class="${truth === predicted ? "right" : ""}"
                style="background:rgba(33,102,172,${(share ** 0.7 * 0.75).toFixed(3)})"
              >
                ${count(`report.confusion.${truth}.${predicted}`, pixels)}<small
                  >${total === 0 ? "–" : `${(share * 100).toFixed(1)} %`}</small
                >
              </td>`;
            })}
          </tr>`;
        })}
      </tbody>
    </table>
    <p>Pixels, and their share of the row.</p>
  </section>`;
}

function calibrationSection({ evaluation: { detail } }: ReportDocument): Html {
  const calibration = detail?.calibration ?? null;
  if (calibration === null) {
    return html``;
  }
  const error = calibration.expectedCalibrationError;
  return html`<section>
    <h2>How far the confidence can be believed</h2>
    <div class="charts reliability">${calibrationChart(calibration.bins)}</div>
    <p>
      Expected calibration error ${score("detail.calibration.expectedCalibrationError", error)} (Guo et al.
      2017, 15 bins): the mean distance between how sure the network is and how often it is right.
    </p>
  </section>`;
}

function placesSection({ confusions, evaluation }: ReportDocument): Html {
  if (confusions.length === 0) {
    return html``;
  }
  return html`<section class="places">
    <h2>Where it is wrong</h2>
    ${confusions.map((confusion, index) => confusionPlaces(confusion, index, evaluation.report.classes))}
  </section>`;
}

function confusionPlaces(
  { truthIndex, predictionIndex, found, places }: ReportConfusion,
  index: number,
  classes: readonly { readonly name: string }[],
): Html {
  return html`<h3>
      ${classes[truthIndex]?.name ?? ""} called ${classes[predictionIndex]?.name ?? ""}:
      ${found.pixels.toLocaleString("en")} px in ${found.places.toLocaleString("en")} places
    </h3>
    <div class="strip" data-confusion="${index}">
      ${places.map(
        ({ mosaicName, place, position, pictures }) =>
          html`<figure>
            ${pictures.map((each, at) => picture(each, ["image", "labels", "prediction"][at] ?? ""))}
            <figcaption>
              ${mosaicName}, column ${Math.floor(place.anchor[0])}, row
              ${Math.floor(place.anchor[1])}${position === null ? "" : ` (${position})`};
              ${place.pixels.toLocaleString("en")} px
            </figcaption>
          </figure>`,
      )}
    </div>`;
}

function settingsSection({ settings }: RunSubject): Html {
  return html`<section>
    <h2>Settings</h2>
    <table class="settings">
      <tbody>
        ${settings.map(
          ({ words, values }) =>
            html`<tr>
              <th>${words}</th>
              <td>${values[0] ?? ""}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function repeatSection({ commands, subject, version }: ReportDocument): Html {
  const run = subject.kind === "run" ? subject.run : null;
  return html`<section>
    <h2>How to repeat it</h2>
    <p>
      ${
        run === null
          ? null
          : html`Trained ${run.createdAt.slice(0, 10)} with Orthomask ${run.madeWith.orthomask}, TensorFlow
            ${run.madeWith.tensorflow} on ${run.madeWith.device}. Run ${run.id}.`
      }
      Report by Orthomask ${version}.
    </p>
    ${commands.train === null ? null : html`<pre>${commands.train}</pre>`}
    ${
      run?.startedFrom === undefined
        ? null
        : html`<p>It began with the weights of ${run.startedFrom.source}: name them with --weights.</p>`
    }
    ${commands.evaluate === null ? null : html`<pre>${commands.evaluate}</pre>`}
    <pre>${commands.report}</pre>
  </section>`;
}
