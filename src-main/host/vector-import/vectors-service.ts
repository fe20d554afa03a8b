import path from "node:path";
import type { AppContract } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import type { Folders } from "../folders/index.ts";
import { withHostErrors } from "../host-error.ts";
import type { Jobs } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import { importVectors, inspectVectors, listVectorLayers } from "./index.ts";

/** The contract's vectors: looking into files, and burning them as jobs. */
export function vectorsService({
  projects,
  folders,
  jobs,
}: {
  readonly projects: { get(projectId: string): Project };
  readonly folders: Folders;
  readonly jobs: Jobs;
}): Implementation<AppContract>["vectors"] {
  return {
    layers: async ({ fileId }) =>
      withHostErrors(async () => listVectorLayers(await folders.resolveFile(fileId))),
    inspect: async ({ projectId, fileId, ...layer }, context) =>
      withHostErrors(async () =>
        inspectVectors(
          projects.get(projectId),
          { ...layer, filePath: await folders.resolveFile(fileId) },
          context,
        ),
      ),
    start: async ({ projectId, fileId, ...request }) => {
      const project = projects.get(projectId);
      for (const mosaicId of request.mosaicIds) {
        project.mosaic(mosaicId);
      }
      const filePath = await folders.resolveFile(fileId);
      const { job } = jobs.start(
        {
          kind: "import",
          title: `Import of ${path.basename(filePath)}`,
          projectId,
          runId: null,
          mosaicId: null,
          canPause: false,
        },
        async (context) => ({
          kind: "import",
          report: await importVectors(
            project,
            { ...request, filePath },
            {
              signal: context.signal,
              onProgress: (progress, detail) => {
                context.report({ progress, detail });
              },
            },
          ),
        }),
      );
      return { jobId: job.id };
    },
  };
}
