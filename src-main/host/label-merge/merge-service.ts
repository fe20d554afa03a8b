import type { AppContract } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import type { Folders } from "../folders/index.ts";
import { withHostErrors } from "../host-error.ts";
import type { Project } from "../projects/index.ts";
import { coverPlaces, findConflicts, mergeLabels, settleConflicts } from "./index.ts";

const mostPlaces = 50;

/** The contract's merges: another person's labels into these, and settling where the two differ. */
export function mergeService({
  projects,
  folders,
}: {
  readonly projects: { get(projectId: string): Project };
  readonly folders: Folders;
}): Implementation<AppContract>["merges"] {
  return {
    start: ({ projectId, mosaicId, fileId }, context) =>
      withHostErrors(async () =>
        mergeLabels(projects.get(projectId), mosaicId, await folders.resolveFile(fileId), context),
      ),
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
