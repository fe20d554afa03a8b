import type { AppContract, LabelEvent } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { EventQueue } from "../event-queue.ts";
import { fileError, toHostError } from "../host-error.ts";
import { lookEveryFewSeconds } from "../outside-changes.ts";
import { withProgress } from "../progress-stream.ts";
import type { Project } from "../projects/index.ts";
import type { ClassGrid } from "../../raster/index.ts";
import { acceptPrediction, type AcceptedArea } from "./accept-prediction.ts";
import { connectedArea } from "./connected-area.ts";
import type { LabelChange, ProjectLabels } from "./project-labels.ts";
import type { StoredChange } from "./label-store.ts";

/** A message carries at most so many pixels; larger windows are asked for in parts. */
const MOST_PIXELS_READ = 2 ** 24;
/** More windows than a page gains by: then all of the mosaic is looked at again. */
const MOST_WINDOWS = 1024;

/** The contract's labels: editing, undoing, and telling every page of it. */
export function labelsService(
  projects: { get(projectId: string): Project },
  predictions: {
    /** Null while nothing has been predicted there. */
    readPrediction(projectId: string, mosaicId: string, runId: string): Promise<ClassGrid | null>;
  },
): Implementation<AppContract>["labels"] {
  const move =
    (way: "undo" | "redo") =>
    async ({ projectId }: { readonly projectId: string }) => {
      const moved = await told(() => projects.get(projectId).labels[way]());
      return moved === null ? null : described({ mosaicId: moved.mosaicId, ...moved.change });
    };
  return {
    edit: async ({ projectId, mosaicId, edit }) => {
      const project = projects.get(projectId);
      const { name } = project.mosaic(mosaicId);
      const change = await told(() => project.labels.edit(mosaicId, edit, null), name);
      return { revision: change?.revision ?? null };
    },
    undo: move("undo"),
    redo: move("redo"),
    read: async ({ projectId, mosaicId, pixelWindow }, context) => {
      if (pixelWindow.width * pixelWindow.height > MOST_PIXELS_READ) {
        throw new RpcError(
          "invalid-input",
          `A window of ${pixelWindow.width}×${pixelWindow.height} px is more than the ${MOST_PIXELS_READ} px that are read at once.`,
        );
      }
      const project = projects.get(projectId);
      project.mosaic(mosaicId);
      return told(() => project.readLabels(mosaicId, { pixelWindow }, context));
    },
    area: ({ projectId, mosaicId, column, row }, context) =>
      told(() => connectedArea(projects.get(projectId), mosaicId, { column, row }, context)),
    accept: ({ projectId, runId, areas, ...accepted }, context) =>
      withProgress(async (options) => {
        const project = projects.get(projectId);
        const predicted: AcceptedArea[] = [];
        for (const { mosaicId, area } of areas) {
          const { name } = project.mosaic(mosaicId);
          const prediction = await predictions.readPrediction(projectId, mosaicId, runId);
          if (prediction === null) {
            throw new RpcError("not-found", `This run has predicted nothing of ${name} yet.`);
          }
          predicted.push({ mosaicId, area, prediction });
        }
        const names = predicted.map(({ mosaicId }) => project.mosaic(mosaicId).name).join(", ");
        return told(() => acceptPrediction(project, predicted, accepted, options), names);
      }, context),
    watch: ({ projectId }, context) => watchLabels(projects.get(projectId).labels, context),
  };
}

async function* watchLabels(
  labels: ProjectLabels,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<LabelEvent> {
  const queue = new EventQueue<LabelEvent>(merged);
  const stop = labels.onChange((change) => {
    queue.push({ history: labels.history, changes: [described(change)] });
  });
  const stopLoads = labels.onLoad(() => {
    queue.push({ history: labels.history, changes: [] });
  });
  const stopLooking = lookEveryFewSeconds(() => labels.look());
  try {
    yield { history: labels.history, changes: [] };
    yield* queue.items(options);
  } finally {
    stopLooking();
    stop();
    stopLoads();
  }
}

/** What a slow page gets instead of many events: changes of the same mosaic as one. */
function merged(last: LabelEvent, next: LabelEvent): LabelEvent {
  const changes = new Map(last.changes.map((change) => [change.mosaicId, change]));
  for (const change of next.changes) {
    const before = changes.get(change.mosaicId);
    const windows =
      before === undefined
        ? change.pixelWindows
        : before.pixelWindows === null || change.pixelWindows === null
          ? null
          : [...before.pixelWindows, ...change.pixelWindows];
    changes.set(change.mosaicId, {
      ...change,
      pixelWindows: windows !== null && windows.length > MOST_WINDOWS ? null : windows,
    });
  }
  return { history: next.history, changes: [...changes.values()] };
}

function described({
  mosaicId,
  revision,
  windows,
}: Pick<LabelChange, "mosaicId"> & StoredChangeFacts): LabelEvent["changes"][number] {
  return { mosaicId, revision, pixelWindows: windows.length > MOST_WINDOWS ? null : [...windows] };
}

type StoredChangeFacts = Pick<StoredChange, "revision" | "windows">;

/** Failures as the page shows them: a shape that can't be is the caller's, the rest is said in a sentence that names the mosaic. */
async function told<Result>(work: () => Promise<Result>, mosaicName: string | null = null): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RpcError("invalid-input", error.message, { cause: error });
    }
    const what = mosaicName === null ? "The labels" : `The labels of ${mosaicName}`;
    // The journal's name would say nothing to the user.
    const shown = toHostError(fileError(error, `${what} could not be changed`));
    throw shown.code === "internal" && mosaicName !== null
      ? new RpcError("internal", `${what} could not be changed: ${shown.message}`, { cause: error })
      : shown;
  }
}
