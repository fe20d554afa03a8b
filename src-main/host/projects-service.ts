import path from "node:path";
import type { AppContract } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Folders } from "./folders/index.ts";
import type { HostOptions } from "./host-options.ts";
import { latestValues } from "./latest-values.ts";
import { addRemoteMosaic, relocateLinks, type Project, type Projects } from "./projects/index.ts";
import { provideSample } from "./sample/index.ts";

/** What `projects.current` is to answer next. */
type Wanted =
  | { readonly kind: "folder"; readonly folderPath: string }
  /** Nothing was asked for: the project that was open last, if it still opens. */
  | { readonly kind: "last" };

/** The contract's projects: opening, watching, changing. `show` is what the shell's menu does. */
export function projectsService({
  options,
  projects,
  folders,
}: {
  readonly options: HostOptions;
  readonly projects: Projects;
  readonly folders: Folders;
}): { readonly implementation: Implementation<AppContract>["projects"]; show(folderPath: string): void } {
  let wanted: Wanted | null =
    options.initialFolder === null
      ? { kind: "last" }
      : { kind: "folder", folderPath: path.resolve(options.initialFolder) };
  const sampleDirectory = path.join(options.dataDirectory, "sample");
  let sample: Promise<Project> | null = null;

  async function current(): Promise<Project | null> {
    const next = wanted;
    if (next === null) {
      return projects.current();
    }
    if (next.kind === "last") {
      wanted = null;
      return projects.current() ?? (await openLast());
    }
    // Kept when it fails, so that a reload shows the reason again rather than another project.
    const project = await projects.open(next.folderPath);
    folders.trust(project.folderPath);
    if (wanted === next) {
      wanted = null;
    }
    return project;
  }

  async function openLast(): Promise<Project | null> {
    const [last] = await mayOpen(await projects.recent.list());
    try {
      return last === undefined ? null : await projects.open(last.folderPath);
    } catch {
      // It has changed since: the start page lists it, and opening it there says why it fails.
      return null;
    }
  }

  async function mayOpen<T extends { readonly folderPath: string }>(entries: readonly T[]): Promise<T[]> {
    const allowed = await Promise.all(
      entries.map(
        async ({ folderPath }) => folderPath === sampleDirectory || (await folders.isAllowed(folderPath)),
      ),
    );
    return entries.filter((_, index) => allowed[index] === true);
  }

  async function openSample(): Promise<Project> {
    await provideSample(sampleDirectory);
    return projects.open(sampleDirectory);
  }

  return {
    show: (folderPath) => {
      wanted = { kind: "folder", folderPath: path.resolve(folderPath) };
    },
    implementation: {
      recent: async () =>
        (await mayOpen(await projects.recent.list())).map(({ folderPath, openedAt }) => {
          if (folderPath === sampleDirectory) {
            folders.trust(folderPath);
          }
          return {
            folderId: folders.grant(folderPath),
            name: path.basename(folderPath) || folderPath,
            displayPath: folderPath,
            openedAt,
          };
        }),
      current: async () => {
        const project = await current();
        return project === null ? null : { projectId: project.id };
      },
      open: async ({ folderId }) => {
        const project = await projects.open(await folders.resolve(folderId));
        wanted = null;
        return { projectId: project.id };
      },
      openSample: async () => {
        // Two pages that ask at the same time wait for one drawing.
        sample ??= openSample();
        try {
          const project = await sample;
          wanted = null;
          return { projectId: project.id };
        } catch (error) {
          throw new RpcError(
            "conflict",
            `The sample can't be drawn in ${sampleDirectory}: ${error instanceof Error ? error.message : String(error)}`,
            { cause: error },
          );
        } finally {
          sample = null;
        }
      },
      watch: ({ projectId }, context) => {
        const project = projects.get(projectId);
        return latestValues(
          () => project.snapshot(),
          (listener) => project.onChange(listener),
          context,
        );
      },
      rescan: ({ projectId }) => projects.get(projectId).rescan(),
      addRemote: ({ projectId, address }, { signal }) =>
        addRemoteMosaic(projects.get(projectId), address, { signal }),
      relocate: async ({ projectId, folderId }, { signal }) => {
        const { found, missing } = await relocateLinks(
          projects.get(projectId),
          await folders.resolve(folderId),
          { signal },
        );
        return { found: found.map(({ fileName }) => fileName), missing: [...missing] };
      },
      setClasses: ({ projectId, classes }) => projects.get(projectId).setClasses(classes),
      saveView: ({ projectId, view }) => projects.get(projectId).saveView(view),
      saveDisplay: ({ projectId, display }) => projects.get(projectId).saveDisplay(display),
      saveTraining: ({ projectId, settings }) => projects.get(projectId).saveTraining(settings),
    },
  };
}
