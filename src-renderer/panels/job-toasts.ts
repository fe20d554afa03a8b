import type { Job, JobResult } from "#shared/jobs/job.ts";
import { mergeReportSentence } from "#shared/labels/label-merge.ts";
import { vectorReportSentence, type VectorReport } from "#shared/labels/vector-import.ts";
import { showPrediction } from "../state/show-prediction.ts";
import type { ToastAction } from "../state/toasts.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { copyText } from "../ui/copy-text.ts";
import { formatPlural, formatScore } from "../ui/format.ts";
import { startDownload } from "./download-address.ts";

type ExportResult = Extract<JobResult, { kind: "export" }>;
type MergeResult = Extract<JobResult, { kind: "merge" }>;

/** Says in a toast how each job ended, with what one would do next. Returns how to stop. */
export function announceJobs(workspace: Workspace): () => void {
  return workspace.jobs.onFinish((job) => {
    // A job of a project that isn't open any more is still told, but has nothing to offer here.
    const here = workspace.project?.id === job.projectId;
    switch (job.state.kind) {
      case "succeeded": {
        const success = successOf(workspace, job.id, job.state.result);
        if (success !== null) {
          workspace.toasts.show("done", success.message, here ? success.actions : []);
        }
        return;
      }
      case "failed":
        workspace.toasts.show(
          "error",
          `${job.title} failed. ${job.state.error.message}`,
          here ? showOf(workspace, job) : [],
        );
        return;
      case "cancelled":
        if (!workspace.jobs.wasStopped(job.id)) {
          workspace.toasts.show("note", `${job.title} was stopped.`);
        }
        return;
      case "queued":
      case "running":
        return;
    }
  });
}

/** What a finished job is worth saying; null where nobody waited for it. */
function successOf(
  workspace: Workspace,
  jobId: string,
  result: JobResult,
): { message: string; actions: readonly ToastAction[] } | null {
  switch (result.kind) {
    case "training":
      return {
        message: trainingMessage(workspace, result.runId),
        actions: [...predictActions(workspace, result.runId), ...resultActions(workspace, result.runId)],
      };
    case "prediction":
      return {
        message: `Predicted ${formatPlural(result.mosaicIds.length, "mosaic")} at ${result.megapixelsPerSecond.toFixed(1)} megapixels a second.`,
        actions: [
          {
            label: "Show on map",
            run: () => {
              showPrediction(workspace, result.runId, result.mosaicIds);
            },
          },
          ...resultActions(workspace, result.runId),
        ],
      };
    case "export":
      return {
        message: exportMessage(result),
        actions: exportActions(workspace, jobId, result),
      };
    case "report": {
      const { fileName, downloadId } = result;
      return {
        message: `Exported ${fileName} to ${result.displayPath}.`,
        actions: waysToFile(workspace, jobId, downloadId === null ? null : { fileName, downloadId }),
      };
    }
    case "import":
      return {
        message: vectorReportSentence(result.report),
        actions: importActions(workspace, result.report),
      };
    case "merge":
      return {
        message: mergeMessage(workspace, result),
        actions: mergeActions(workspace, result),
      };
    case "pyramid":
      return null;
  }
}

function exportMessage({ fileNames, displayPath }: ExportResult): string {
  const [fileName] = fileNames;
  return fileNames.length === 1 && fileName !== undefined
    ? `Exported ${fileName} to ${displayPath}.`
    : `Exported ${formatPlural(fileNames.length, "file")} to ${displayPath}.`;
}

function exportActions(workspace: Workspace, jobId: string, result: ExportResult): ToastAction[] {
  const [only = null] = result.downloads;
  const file = result.downloads.length === 1 ? only : null;
  const ways = waysToFile(workspace, jobId, file);
  if (ways.length > 0) {
    return ways;
  }
  // A single one that can't be fetched, such as a run's folder, is listed in no panel.
  return result.fileNames.length === 1 && result.downloads.length === 0
    ? [{ label: "Copy path", run: () => void copyText(result.displayPath) }]
    : [
        {
          label: "Show the files",
          run: () => {
            workspace.mode = "export";
            workspace.preferences.setDock("rightOpen", true);
          },
        },
      ];
}

/** How one comes to what was written, as far as the shell can: the folder, else the file where it is a single one. */
function waysToFile(
  workspace: Workspace,
  jobId: string,
  file: { readonly fileName: string; readonly downloadId: string } | null,
): ToastAction[] {
  if (workspace.capabilities?.revealInFolder === true) {
    return [
      {
        label: "Show in folder",
        run: () => void workspace.attempt(() => workspace.client.exports.reveal({ jobId })),
      },
    ];
  }
  return workspace.capabilities?.download === true && file !== null
    ? [
        {
          label: "Download",
          run: () => {
            startDownload(file.downloadId, file.fileName);
          },
        },
      ]
    : [];
}

/** The way to the first mosaic that labels were burned into. */
function importActions(workspace: Workspace, { mosaics }: VectorReport): ToastAction[] {
  const [first] = mosaics;
  return first === undefined
    ? []
    : [
        {
          label: "Show on map",
          run: () => {
            workspace.mode = "label";
            workspace.layers.labels.visible = true;
            workspace.mapView.flyToMosaic(first.mosaicId);
          },
        },
      ];
}

function mergeMessage(workspace: Workspace, { displayPath, report }: MergeResult): string {
  const fileName = displayPath.split(/[\\/]/).at(-1) ?? displayPath;
  const name = workspace.project?.mosaicName(report.mosaicId) ?? "its mosaic";
  return `${fileName} merged into ${name}: ${mergeReportSentence(report)}`;
}

function mergeActions({ project }: Workspace, { displayPath, report }: MergeResult): ToastAction[] {
  return project === null
    ? []
    : [
        {
          label: "Copy as command",
          run: () =>
            void copyText(
              project.commandLine({
                kind: "merge-labels",
                mosaicId: report.mosaicId,
                filePath: displayPath,
              }),
            ),
        },
      ];
}

function trainingMessage(workspace: Workspace, runId: string): string {
  const run = workspace.project?.run(runId) ?? null;
  const name = run?.name ?? "The network";
  if (run === null || run.best === null) {
    return run === null ? `${name} is trained.` : `${name} ended before its first epoch was finished.`;
  }
  const stopped = run.state.kind === "finished" && run.state.reason === "stopped";
  const score = `best mean IoU ${formatScore(run.best.meanIou)} at epoch ${run.best.epoch}.`;
  return `${name} ${stopped ? "was stopped" : "is trained"}: ${score}`;
}

function resultActions(workspace: Workspace, runId: string): ToastAction[] {
  return [
    {
      label: "See results",
      run: () => {
        workspace.project?.selectRun(runId);
        workspace.mode = "results";
        workspace.preferences.setDock("rightOpen", true);
      },
    },
  ];
}

/** Predicts the mosaics on screen, or all where none is: what one wants to see first of a new network. */
function predictActions(workspace: Workspace, runId: string): ToastAction[] {
  const { project } = workspace;
  if (project === null || project.run(runId)?.best === null) {
    return [];
  }
  return [
    {
      label: "Predict what is in view",
      run: () => {
        const viewed = workspace.mapView.viewedWindows();
        const ids =
          viewed.length > 0
            ? viewed.map(({ mosaicId }) => mosaicId)
            : project.readyMosaics.map(({ id }) => id);
        const mosaicIds = [...new Set(ids)];
        void project.predicting.start(runId, mosaicIds, viewed).then((jobId) => {
          if (jobId === null) {
            workspace.toasts.show(
              "error",
              project.predicting.failure ?? "The prediction could not be started.",
            );
          } else {
            showPrediction(workspace, runId, mosaicIds);
          }
        });
      },
    },
  ];
}

function showOf(workspace: Workspace, job: Job): ToastAction[] {
  const { runId } = job;
  if (job.kind !== "training" || runId === null) {
    return [];
  }
  return [
    {
      label: "Show the run",
      run: () => {
        workspace.project?.selectRun(runId);
        workspace.project?.training.showRun();
        workspace.mode = "train";
      },
    },
  ];
}
