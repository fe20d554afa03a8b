import path from "node:path";
import type { AppContract } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import type { Folders } from "../folders/index.ts";
import { withHostErrors } from "../host-error.ts";
import type { Jobs } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import { coverPlaces, findConflicts, mergeLabels, settleConflicts } from "./index.ts";

const mostPlaces = 50;

/** The contract's merges: another person's labels into these, and settling where the two differ. */
export function mergeService({
  projects,
  folders,
  jobs,
}: {
  readonly projects: { get(projectId: string): Project };
  readonly folders: Folders;
  readonly jobs: Jobs;
}): Implementation<AppContract>["merges"] {
  return {
    start: async ({ projectId, mosaicId, fileId }) => {
      const project = projects.get(projectId);
      project.mosaic(mosaicId);
      const filePath = await folders.resolveFile(fileId);
      const { job } = jobs.start(
        {
          kind: "merge",
          title: `Merge of ${path.basename(filePath)}`,
          projectId,
          runId: null,
          mosaicId,
          canPause: false,
        },
        async (context) => ({
          kind: "merge",
          displayPath: filePath,
          report: await mergeLabels(project, mosaicId, filePath, {
            signal: context.signal,
            onProgress: (progress) => {
              context.report({ progress, detail: project.mosaic(mosaicId).name });
            },
          }),
        }),
      );
      return { jobId: job.id };
    },
    conflicts: ({ projectId }, context) =>
      withHostErrors(async () => {
        const project = projects.get(projectId);
        const ids = project.snapshot().mosaics.flatMap(({ kind, id }) => (kind === "ready" ? [id] : []));
        const found = await findConflicts(project, ids, mostPlaces, context);
        return { found, areas: await coverPlaces(project, found.largest, context) };
      }),
    settle: ({ projectId, mosaicId, place, kept }, context) =>
      withHostErrors(async () => ({
        pixels: await settleConflicts(projects.get(projectId), mosaicId, place, kept, context),
      })),
  };
}
