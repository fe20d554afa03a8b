import type { EpochRecord, Run, RunEvent } from "#shared/training/run.ts";
import { weightsSentences } from "#shared/training/weights-report.ts";
import type { Learning } from "../host/learning.ts";
import type { Project } from "../host/projects/project.ts";
import type { StartedRun } from "../host/training/index.ts";
import type { CliIo } from "./cli-io.ts";

type StepEvent = Extract<RunEvent, { kind: "step" }>;

/** Shows a training as it goes on, and its run when it has ended; an interruption ends it after its step in flight. */
export async function followRun(
  io: CliIo,
  learning: Learning,
  project: Project,
  { runId, done }: StartedRun,
  cancel: () => void,
): Promise<Run> {
  const watching = new AbortController();
  const progress = io.progress("training");
  io.signal.addEventListener("abort", cancel, { once: true });
  if (io.signal.aborted) {
    cancel();
  }
  const show = async (): Promise<void> => {
    let epochs = 0;
    let isTold = false;
    for await (const event of learning.training.watch(project.id, runId, watching)) {
      switch (event.kind) {
        case "run":
          ({ epochs } = event.run.settings);
          if (event.run.startedFrom !== undefined && !isTold) {
            isTold = true;
            weightsSentences(event.run.startedFrom).forEach((sentence) => {
              io.note(sentence);
            });
          }
          break;
        case "step":
          progress.update({
            progress: (event.epoch - 1 + shareOfEpoch(event)) / Math.max(1, epochs),
            detail: stepDetail(event, epochs),
            etaSeconds: event.totalEtaSeconds,
          });
          break;
        case "epoch":
          io.note(epochLine(event.record, epochs));
          break;
        case "previews":
          break;
      }
    }
  };
  const shown = show();
  const state = await done;
  watching.abort();
  await shown;
  progress.end();
  io.signal.removeEventListener("abort", cancel);
  const run = await learning.run(project.id, runId);
  if (state.kind === "failed") {
    // The run's own sentence also says what is kept.
    throw new EndedRunError(run.state.kind === "failed" ? run.state.message : state.error.message, run);
  }
  return run;
}

/** A training that failed on the way, with what it came to. */
export class EndedRunError extends Error {
  override readonly name = "EndedRunError";
  readonly run: Run;

  constructor(message: string, run: Run) {
    super(message);
    this.run = run;
  }
}

/** Before its first step, and beside training, an epoch has no loss to show. */
function stepDetail({ epoch, phase, step, loss }: StepEvent, epochs: number): string {
  const shownLoss = phase === "training" && step > 0 ? `, loss ${loss.toFixed(4)}` : "";
  return `epoch ${epoch} of ${epochs}, ${phase}${shownLoss}`;
}

/** Three quarters of an epoch's time go into training, near enough for a bar. */
function shareOfEpoch({ phase, step, stepsPerEpoch }: StepEvent): number {
  const done = stepsPerEpoch === 0 ? 0 : step / stepsPerEpoch;
  switch (phase) {
    case "preparing":
    case "training":
    case "paused":
      return 0.75 * done;
    case "validating":
      return 0.75 + 0.25 * done;
    case "saving":
      return 1;
  }
}

function epochLine(
  { epoch, loss, accuracy, valLoss, valAccuracy, valMeanIou, seconds, waitShare }: EpochRecord,
  epochs: number,
): string {
  return (
    `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}, validation loss ${valLoss.toFixed(4)}, ` +
    `accuracy ${valAccuracy.toFixed(4)}, mean IoU ${valMeanIou.toFixed(4)} (${seconds.toFixed(1)} s, ` +
    `${(waitShare * 100).toFixed(1)} % of the training waiting for tiles)`
  );
}

/** What `train --json` says of a run. */
export function answerOf(run: Run, dir: string): object {
  return {
    run: run.id,
    dir,
    epochs: run.history,
    best: run.best === null ? null : { epoch: run.best.epoch, meanIou: run.best.meanIou },
    params: run.parameters,
    stepMilliseconds: run.stepMilliseconds,
  };
}

/** A run as one line. */
export function summaryOf({ id, best, history }: Run, dir: string): string {
  return best === null
    ? `run ${id} in ${dir}: no epoch finished`
    : `run ${id} in ${dir}: ${history.length} epochs, best mean IoU ${best.meanIou.toFixed(4)} in epoch ${best.epoch}`;
}
