import type { Job, JobResult } from "#shared/jobs/job.ts";
import type { ToastAction } from "../state/toasts.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { formatPlural, formatScore } from "../ui/format.ts";

/** Says in a toast how each job ended, with what one would do next. Returns how to stop. */
export function announceJobs(workspace: Workspace): () => void {
  return workspace.jobs.onFinish((job) => {
    // A job of a project that isn't open any more is still told, but has nothing to offer here.
    const here = workspace.project?.id === job.projectId;
    switch (job.state.kind) {
      case "succeeded": {
        const { message, actions } = successOf(workspace, job.state.result);
        workspace.toasts.show("done", `${job.title}: ${message}`, here ? actions : []);
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

function successOf(
  workspace: Workspace,
  result: JobResult,
): { message: string; actions: readonly ToastAction[] } {
  switch (result.kind) {
    case "training":
      return {
        message: trainingMessage(workspace, result.runId),
        actions: [...predictActions(workspace, result.runId), ...resultActions(workspace, result.runId)],
      };
    case "prediction":
      return {
        message: `done, at ${result.megapixelsPerSecond.toFixed(1)} megapixels a second.`,
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
        message: `${formatPlural(result.fileNames.length, "file")} in ${result.displayPath}.`,
        actions: [
          {
            label: "Show the files",
            run: () => {
              workspace.mode = "export";
              workspace.preferences.change({ rightOpen: true });
            },
          },
        ],
      };
    case "pyramid":
      return { message: "the mosaic is quick to zoom now.", actions: [] };
  }
}

function trainingMessage(workspace: Workspace, runId: string): string {
  const best = workspace.project?.run(runId)?.best ?? null;
  return best === null
    ? "it ended before its first epoch was finished."
    : `best mean IoU ${formatScore(best.meanIou)} at epoch ${best.epoch}.`;
}

function resultActions(workspace: Workspace, runId: string): ToastAction[] {
  return [
    {
      label: "See results",
      run: () => {
        workspace.project?.selectRun(runId);
        workspace.mode = "results";
        workspace.preferences.change({ rightOpen: true });
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

/** Puts a run's prediction on the map and goes to the first mosaic unless one of them is in view. */
export function showPrediction(workspace: Workspace, runId: string, mosaicIds: readonly string[]): void {
  const { layers, mapView } = workspace;
  layers.choosePredictionRun(runId);
  layers.prediction.visible = true;
  if (layers.swipe === null) {
    // Two overlays on each other show neither; Tab goes back and forth.
    layers.labels.visible = false;
  }
  const [first] = mosaicIds;
  const inView = mapView.viewedWindows().some(({ mosaicId }) => mosaicIds.includes(mosaicId));
  if (first !== undefined && !inView) {
    mapView.flyToMosaic(first);
  }
}
