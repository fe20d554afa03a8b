import { Diagnostics } from "./diagnostics/index.ts";
import { Folders } from "./folders/index.ts";
import type { HostOptions } from "./host-options.ts";
import { GpuAddOn } from "./gpu-add-on/index.ts";
import { Jobs } from "./jobs/index.ts";
import { createLearning } from "./learning.ts";
import type { Learning } from "./learning.ts";
import { Projects } from "./projects/index.ts";
import { Splits } from "./splits/index.ts";
import { PyramidCacheStore } from "./storage/index.ts";

/** The host's services as code in its process uses them: the contract's implementation and the command line. */
export interface Services {
  readonly options: HostOptions;
  readonly jobs: Jobs;
  readonly projects: Projects;
  readonly folders: Folders;
  readonly learning: Learning;
  readonly splits: Splits;
  readonly pyramidCache: PyramidCacheStore;
  readonly gpuAddOn: GpuAddOn;
  readonly diagnostics: Diagnostics;
  /** Stops jobs after their step in flight, writes what has to be written and ends the engine. */
  close(): Promise<void>;
}

/** Makes the services that everything else is built on. */
export function createServices(options: HostOptions): Services {
  const jobs = new Jobs();
  const projects = new Projects(options);
  const folders = new Folders(options);
  const gpuAddOn = new GpuAddOn(options.dataDirectory);
  const diagnostics = new Diagnostics({ ...options, names: () => namesOf(projects) });
  diagnostics.started();
  const stopListening = jobs.onChange(() => {
    diagnostics.jobsChanged(jobs.list());
  });
  const learning = createLearning({
    projects,
    jobs,
    engine: diagnostics.watching(options.engine),
    dataDirectory: options.dataDirectory,
    version: options.version,
    files: folders,
    bindingPath: () => gpuAddOn.bindingPath(),
  });
  const pyramidCache = new PyramidCacheStore(options);
  return {
    options,
    jobs,
    projects,
    folders,
    learning,
    splits: new Splits(projects),
    pyramidCache,
    gpuAddOn,
    diagnostics,
    close: async () => {
      gpuAddOn.stop();
      await learning.training.close(() => jobs.close());
      await learning.close();
      await projects.close();
      pyramidCache.close();
      diagnostics.jobsChanged(jobs.list());
      stopListening();
      await diagnostics.close();
    },
  };
}

/** What open projects and their mosaics are called. */
function namesOf(projects: Projects): string[] {
  return projects
    .list()
    .map((project) => project.snapshot())
    .flatMap(({ name, mosaics }) => [name, ...mosaics.map((mosaic) => mosaic.name)]);
}
