import { classTableCsv, confusionCsv } from "#shared/metrics/report-csv.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import type { Command } from "../state/commands.svelte.ts";
import { isActive } from "../state/job-list.svelte.ts";
import { MaskJudging } from "../state/mask-judging.svelte.ts";
import type { ProjectState } from "../state/project.svelte.ts";
import { countedOfReport } from "../state/measurable.ts";
import { showPrediction } from "../state/show-prediction.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { mergeLabels, mergeObstacle } from "./merge-labels.ts";
import { copyText } from "../ui/copy-text.ts";
import { formatPlural } from "../ui/format.ts";
import { predictChoice, type PredictChoice } from "./predict-choice.ts";

/** What the inspectors' buttons do, for the palette: with the same choices, and the same obstacles. */
export function projectCommands(workspace: Workspace, project: ProjectState): Command[] {
  const command = (
    id: string,
    place: { group: string; title: string },
    obstacle: () => string | null,
    run: () => void,
  ): Command => ({ id, ...place, chord: null, enabled: () => true, obstacle, run });
  const { training, results } = project;
  const report = results.state.kind === "ready" ? results.state.report : null;
  const noReport = (): string | null => (report === null ? "Results show no numbers yet." : null);
  const predicting = predictChoice(project);
  const exported = exportedIds(project);
  return [
    command(
      "predict",
      { group: "Predict", title: predicting.title },
      () => predictObstacle(project, predicting),
      () => {
        void predict(workspace, project, predicting);
      },
    ),
    command(
      "measure-time",
      { group: "Train", title: "Measure the time of an epoch" },
      () => (project.labelledMosaics.length === 0 ? "No mosaic has a mask." : training.fault),
      () => {
        workspace.mode = "train";
        training.showForm();
        void training.load().then(() => training.measureTime());
      },
    ),
    command(
      "import-polygons",
      { group: "Label", title: "Import polygons…" },
      () => (project.readyMosaics.length === 0 ? "There is no mosaic to label." : null),
      () => {
        workspace.importPolygons();
      },
    ),
    command(
      "merge-labels",
      { group: "Label", title: "Merge labels…" },
      () => mergeObstacle(workspace, project),
      () => {
        mergeLabels(workspace, project);
      },
    ),
    command(
      "compare-masks",
      { group: "Results", title: "Compare masks with the labels…" },
      () => (project.labelledMosaics.length === 0 ? "No mosaic has labels." : null),
      () => {
        workspace.pickFile("judged-masks", (file) => {
          project.judging = new MaskJudging(workspace, project.id, file);
          workspace.overlay = { kind: "masks", judging: project.judging };
        });
      },
    ),
    ...(["html", "pdf"] as const)
      .filter((format) => format === "html" || workspace.capabilities?.printToPdf === true)
      .map((format) =>
        command(
          `write-report-${format}`,
          { group: "Results", title: `Write report (${format.toUpperCase()})` },
          () =>
            (project.selectedRun?.best ?? null) !== null
              ? null
              : "Only a run with a finished epoch has a report.",
          () => {
            const run = project.selectedRun;
            if (run !== null) {
              workspace.mode = "results";
              void workspace.attempt(() => project.writeReport({ ...countedOfReport(project, run), format }));
            }
          },
        ),
      ),
    command("copy-class-table", { group: "Results", title: "Copy the table as CSV" }, noReport, () => {
      void copy(workspace, report, classTableCsv);
    }),
    command("copy-matrix", { group: "Results", title: "Copy the confusion matrix as CSV" }, noReport, () => {
      void copy(workspace, report, confusionCsv);
    }),
    command(
      "export-masks",
      { group: "Export", title: exportTitle(workspace, project, exported.length) },
      () => exportObstacle(workspace, project, exported.length),
      () => {
        const run = project.selectedRun;
        workspace.mode = "export";
        if (run !== null) {
          void project.exporting.start(run.id, exported);
        }
      },
    ),
  ];
}

/** As the button in Export says it, while that knows how many files come of it. */
function exportTitle({ mode }: Workspace, { exporting }: ProjectState, masks: number): string {
  const { plan, source } = exporting;
  // Elsewhere the plan may be an older one, and with labels chosen it is of those.
  const files =
    mode === "export" && source === "prediction" && plan.kind === "ready" ? plan.plan.files.length : 0;
  return files > 0 ? `Export ${formatPlural(files, "file")}` : `Export ${formatPlural(masks, "mask")}`;
}

function exportedIds(project: ProjectState): string[] {
  const run = project.selectedRun;
  return run === null
    ? []
    : project.readyMosaics
        .map(({ id }) => id)
        .filter(
          (id) => project.prediction(run.id, id)?.complete === true && project.exporting.mosaics.includes(id),
        );
}

function exportObstacle(workspace: Workspace, { exporting }: ProjectState, masks: number): string | null {
  if (masks === 0) {
    return "This run has predicted no mosaic yet.";
  }
  const job = exporting.jobId === null ? null : workspace.jobs.find(exporting.jobId);
  return exporting.starting || (job !== null && isActive(job)) ? "An export is running." : null;
}

function predictObstacle(project: ProjectState, { obstacle }: PredictChoice): string | null {
  const run = project.selectedRun;
  return (
    obstacle ?? (run === null || project.predictionJob(run.id) === null ? null : "It is predicting just now.")
  );
}

async function predict(
  workspace: Workspace,
  project: ProjectState,
  { mosaics }: PredictChoice,
): Promise<void> {
  const run = project.selectedRun;
  if (run === null) {
    return;
  }
  const mosaicIds = mosaics.map(({ id }) => id);
  const jobId = await project.predicting.start(run.id, mosaicIds, workspace.mapView.viewedWindows());
  if (jobId === null) {
    workspace.toasts.show("error", project.predicting.failure ?? "The prediction could not be started.");
  } else {
    showPrediction(workspace, run.id, mosaicIds);
  }
}

async function copy(
  workspace: Workspace,
  report: EvaluationReport | null,
  write: (report: EvaluationReport) => string,
): Promise<void> {
  if (report !== null) {
    const copied = await copyText(write(report));
    workspace.toasts.show(
      copied ? "done" : "error",
      copied ? "Copied as CSV." : "The browser doesn't allow copying here.",
    );
  }
}
