import { stat } from "node:fs/promises";
import path from "node:path";
import { contract } from "#shared/contract.ts";
import type { AppContract, ExportDestination } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { serveContract } from "#shared/rpc/server.ts";
import { configureRaster, sweepLeftovers } from "../raster/index.ts";
import { appService } from "./app-service.ts";
import { Exports } from "./exports/index.ts";
import { toHostError } from "./host-error.ts";
import type { Host, HostOptions } from "./host-options.ts";
import { isUnfinished } from "./jobs/index.ts";
import type { Jobs } from "./jobs/index.ts";
import { mergeService } from "./label-merge/merge-service.ts";
import { labelsService } from "./labels/labels-service.ts";
import { latestValues } from "./latest-values.ts";
import { projectsService } from "./projects-service.ts";
import { Pyramids } from "./rasters/pyramids.ts";
import { Tiles } from "./rasters/index.ts";
import { Review } from "./review/index.ts";
import { hostRasterMemory } from "./raster-memory.ts";
import { Segments } from "./segments/index.ts";
import { createServices } from "./services.ts";
import { vectorsService } from "./vector-import/vectors-service.ts";

/** Puts the host together: every service, and the contract that pages call. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { shell } = options;
  configureRaster({
    remote: options.remoteFiles ?? "any",
    ...hostRasterMemory,
    folders:
      options.allowedRoots === "anywhere"
        ? "anywhere"
        : // Besides what may be browsed, what is our own: pyramids, the sample, predictions of projects that can only be read.
          [...options.allowedRoots, options.dataDirectory, options.cacheDirectory],
  });
  const services = createServices(options);
  const { jobs, projects, folders, learning } = services;
  const tiles = new Tiles({ projects, predictions: learning, comparisons: learning.evaluation });
  const exports = new Exports({
    projects,
    jobs,
    predictions: learning,
    shell,
    version: options.version,
  });
  const pyramids = new Pyramids({
    projects,
    jobs,
    cache: services.pyramidCache,
    untilQuiet: (signal) => tiles.quiet(signal),
  });
  const review = new Review({
    projects,
    predictions: learning.predictions,
    untilQuiet: (signal) => tiles.quiet(signal),
  });
  const segments = new Segments({
    launcher: services.diagnostics.watching(options.engine),
    dataDirectory: options.dataDirectory,
    files: folders,
    tile: (request, context) => tiles.tile(request, context),
  });
  const opening = projectsService({ options, projects, folders });
  const stopListening = [
    // What a killed process left half-written in the project; nobody waits for it.
    projects.onOpen((project) => {
      void sweepLeftovers(project.folderPath);
      void sweepLeftovers(project.storageDirectory, { recursive: true });
    }),
    projects.onOpen((project) => {
      learning.training.goOn(project).catch((error: unknown) => {
        project.addProblem({
          id: "queue",
          severity: "warning",
          file: null,
          mosaicId: null,
          message: `Trainings of the last session could not go on: ${toHostError(error).message}`,
        });
      });
    }),
    jobs.onChange(() => {
      shell.setBusy(busyReason(jobs));
    }),
    projects.recent.onChange(() => {
      void tellRecentFolders();
    }),
  ];

  const implementation: Implementation<AppContract> = {
    app: appService({ shell, version: options.version, learning }),
    folders: {
      choose: () => folders.choose(),
      roots: () => folders.roots(),
      list: ({ folderId }) => folders.list(folderId),
      files: ({ folderId, purpose }) => folders.files(folderId, purpose),
      dropped: (_, context) => folders.dropped(context),
    },
    projects: opening.implementation,
    rasters: {
      tile: (request, context) => tiles.tile(request, context),
      statistics: ({ projectId, mosaicId, bands }) => tiles.statistics(projectId, mosaicId, bands),
      values: ({ projectId, mosaicId, ...pixel }, context) =>
        tiles.values(projectId, mosaicId, pixel, context),
    },
    storage: {
      watch: (_, context) =>
        latestValues(
          () => services.pyramidCache.state(),
          (listener) => services.pyramidCache.onChange(listener),
          context,
        ),
      setLimit: ({ limitBytes }) => services.pyramidCache.setLimit(limitBytes),
      clear: async () => ({ freedBytes: await services.pyramidCache.clear() }),
    },
    gpu: {
      watch: (_, context) =>
        latestValues(
          () => services.gpuAddOn.state(),
          (listener) => services.gpuAddOn.onChange(listener),
          context,
        ),
      install: () => {
        services.gpuAddOn.begin();
      },
      stop: () => {
        services.gpuAddOn.stop();
      },
      remove: () => services.gpuAddOn.remove(),
    },
    diagnostics: {
      describe: async () => ({
        text: await services.diagnostics.describe(await learning.engineStatus()),
      }),
      pageFailed: (fault) => {
        services.diagnostics.pageFailed(fault);
      },
    },
    jobs: {
      watch: (_, context) =>
        latestValues(
          () => jobs.list(),
          (listener) => jobs.onChange(listener),
          context,
        ),
      cancel: ({ jobId }) => {
        jobs.cancel(jobId);
      },
      pause: ({ jobId }) => {
        jobs.pause(jobId);
      },
      resume: ({ jobId }) => {
        jobs.resume(jobId);
      },
      dismiss: ({ jobId }) => {
        jobs.dismiss(jobId);
      },
    },
    ...learning.implementation,
    splits: services.splits.implementation(),
    labels: labelsService(projects, learning),
    segments: segments.implementation(),
    vectors: vectorsService(services),
    review: review.implementation(),
    merges: mergeService({ ...services, jobs }),
    exports: {
      plan: async ({ destination, ...request }) =>
        exports.plan({ ...request, folderPath: await folderOf(destination) }),
      start: async ({ destination, ...request }) =>
        exports.start({ ...request, folderPath: await folderOf(destination) }),
      model: async ({ destination, ...request }) =>
        exports.startModel(learning, { ...request, folderPath: await folderOf(destination) }),
      report: async ({ destination, within, ...request }) =>
        exports.startReport(learning, {
          ...request,
          within,
          folderPath: await folderOf(destination),
        }),
      reportMasks: async ({ destination, ...request }) =>
        exports.startMasksReport(learning, { ...request, folderPath: await folderOf(destination) }),
      run: async ({ destination, ...request }) =>
        exports.startRun(learning.runs, { ...request, folderPath: await folderOf(destination) }),
      reveal: ({ jobId }) => exports.reveal(jobId),
    },
  };

  async function folderOf(destination: ExportDestination): Promise<string | null> {
    return destination.kind === "folder" ? folders.resolve(destination.folderId) : null;
  }

  async function tellRecentFolders(): Promise<void> {
    const entries = await projects.recent.list();
    shell.setRecentFolders(
      entries.map(({ folderPath }) => ({ name: path.basename(folderPath) || folderPath, folderPath })),
    );
  }

  await tellRecentFolders();
  return {
    connect: (port) =>
      serveContract(contract, implementation, port, {
        toError: toHostError,
        onInternalError: (error, service, method) => {
          console.error(`${service}.${method} failed:`, error);
          services.diagnostics.failed(`${service}.${method}`, error);
        },
      }),
    showFolder: async (folderPath) => {
      if ((await stat(folderPath).catch(() => null)) === null) {
        throw new RpcError("not-found", `There is no folder ${folderPath}.`);
      }
      opening.show(folderPath);
    },
    takeDropped: (paths) => folders.takeDropped(paths),
    resolveDownload: (downloadId) => exports.download(downloadId),
    close: async () => {
      for (const stop of stopListening) {
        stop();
      }
      pyramids.close();
      review.close();
      await segments.close();
      await services.close();
    },
  };
}

/** Why closing the window should ask first: what would be lost is work that takes long to repeat. */
function busyReason(jobs: Jobs): string | null {
  const running = jobs.list().filter(({ kind, state }) => kind !== "pyramid" && isUnfinished(state));
  const [first] = running;
  if (first === undefined) {
    return null;
  }
  return running.length === 1 ? `${first.title} is running` : `${running.length} jobs are running`;
}
