import { createContext } from "svelte";
import type { AppContract, Capabilities, Dropped, FilePurpose, PickableFile } from "#shared/contract.ts";
import type { RecentProject } from "#shared/project/project-snapshot.ts";
import type { Client } from "#shared/rpc/contract.ts";
import { toRpcError } from "#shared/rpc/errors.ts";
import { Commands } from "./commands.svelte.ts";
import type { HostLink, LinkState } from "./connect-host.ts";
import { Cursor } from "./cursor.svelte.ts";
import { FolderBrowser } from "./folder-browser.svelte.ts";
import { tellGoneOn } from "./gone-on.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";
import { JobList } from "./job-list.svelte.ts";
import { Layers } from "./layers.svelte.ts";
import { MapViewState } from "./map-view.svelte.ts";
import type { MaskJudging } from "./mask-judging.svelte.ts";
import { isSample } from "./guided-tour.ts";
import { Preferences } from "./preferences.svelte.ts";
import { ProjectState } from "./project.svelte.ts";
import { Toasts } from "./toasts.svelte.ts";
import { watchStream } from "./watch-stream.ts";

/** What the window is for just now; changes inspector and drawer, never the map's position. */
export const modes = ["label", "train", "results", "export"] as const;
export type Mode = (typeof modes)[number];

const MODE_KEY = "orthomask.mode";

/** The mode that this tab had before it was loaded again. */
function readMode(): Mode {
  try {
    const stored = globalThis.sessionStorage.getItem(MODE_KEY);
    return modes.find((mode) => mode === stored) ?? "label";
  } catch {
    return "label";
  }
}

/** What lies over the window. `onPick` gets the chosen folder, `onPickFile` the chosen file. */
export type Overlay =
  | { readonly kind: "none" }
  | { readonly kind: "palette" }
  | { readonly kind: "shortcuts" }
  | { readonly kind: "storage" }
  | { readonly kind: "about" }
  | {
      readonly kind: "guide";
      /** The name of the page that is shown first. */
      readonly page: string;
    }
  | { readonly kind: "add-remote" }
  | { readonly kind: "import-vectors"; readonly file: PickableFile }
  | {
      readonly kind: "segment-model";
      readonly encoder: PickableFile | null;
      readonly decoder: PickableFile | null;
    }
  | {
      readonly kind: "files";
      readonly purpose: FilePurpose;
      readonly onPickFile: (file: PickableFile) => void;
    }
  | { readonly kind: "masks"; readonly judging: MaskJudging }
  | {
      readonly kind: "folders";
      readonly purpose: "open" | "export" | "search";
      readonly onPick: (folderId: string) => void;
    };

/** The window's state: connection, open project, mode, and what every panel shares. One for the life of the page. */
export class Workspace implements HostAccess {
  readonly client: Client<AppContract>;
  readonly link: HostLink<AppContract>;
  readonly preferences: Preferences;
  readonly toasts = new Toasts();
  readonly commands = new Commands();
  readonly layers = new Layers();
  readonly mapView = new MapViewState();
  readonly cursor = new Cursor();
  readonly jobs: JobList;
  readonly folders: FolderBrowser;

  readonly #ended = new AbortController();
  readonly #dropListeners = new Set<(dropped: Dropped) => void>();
  #connection: LinkState = $state.raw({ kind: "connecting" });
  #capabilities: Capabilities | null = $state.raw(null);
  #project: ProjectState | null = $state.raw(null);
  #recent: readonly RecentProject[] = $state.raw([]);
  /** What is being opened, in words; null when nothing is. */
  #opening: string | null = $state(null);
  #openFailure: string | null = $state(null);
  /** False until it is known whether there is a project to show. */
  #started = $state(false);
  #openings = 0;

  #mode: Mode = $state(readMode());
  overlay: Overlay = $state.raw({ kind: "none" });
  /** Asked for by its command; on the sample it also begins by itself. */
  tourWanted = $state(false);
  /** How often the tour was begun by its command: each time it is another. */
  toursBegun = $state(0);

  constructor(link: HostLink<AppContract>, storage: Pick<Storage, "getItem" | "setItem">) {
    this.link = link;
    this.client = link.client;
    this.preferences = new Preferences(storage);
    this.folders = new FolderBrowser(this);
    this.jobs = new JobList(this, this.#ended.signal);
    this.#connection = link.state;
    link.onChange((state) => {
      this.#connection = state;
    });
    void watchStream(
      link,
      (signal) => this.client.app.commands(undefined, { signal }),
      (command) => {
        this.commands.run(command);
      },
      { signal: this.#ended.signal },
    );
    void watchStream(
      link,
      (signal) => this.client.folders.dropped(undefined, { signal }),
      (dropped) => {
        for (const listener of this.#dropListeners) {
          listener(dropped);
        }
      },
      { signal: this.#ended.signal },
    );
    void this.#start();
  }

  /** Whether the guided tour is shown. */
  get touring(): boolean {
    const { tourEnded } = this.preferences.values;
    return this.#project !== null && !tourEnded && (this.tourWanted || isSample(this.#project.snapshot));
  }

  beginTour(): void {
    this.preferences.change({ tourEnded: false, tourDone: [] });
    this.tourWanted = true;
    this.toursBegun += 1;
  }

  endTour(): void {
    this.tourWanted = false;
    this.preferences.change({ tourEnded: true, tourDone: [] });
  }

  /** Hears of what is dropped on the window, where the shell knows where it lies; returns how to stop. */
  onDrop(listener: (dropped: Dropped) => void): () => void {
    this.#dropListeners.add(listener);
    return () => {
      this.#dropListeners.delete(listener);
    };
  }

  get connection(): LinkState {
    return this.#connection;
  }

  get capabilities(): Capabilities | null {
    return this.#capabilities;
  }

  get project(): ProjectState | null {
    return this.#project;
  }

  /** Projects opened before, newest first. */
  get recent(): readonly RecentProject[] {
    return this.#recent;
  }

  get opening(): string | null {
    return this.#opening;
  }

  get openFailure(): string | null {
    return this.#openFailure;
  }

  get started(): boolean {
    return this.#started;
  }

  get mode(): Mode {
    return this.#mode;
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    try {
      globalThis.sessionStorage.setItem(MODE_KEY, mode);
    } catch {
      // A forbidden storage only means that a reload starts with labels again.
    }
  }

  closeOverlay(): void {
    this.overlay = { kind: "none" };
  }

  /** Lets the user choose a folder in whichever way the shell has, then opens it. */
  async openFolder(): Promise<void> {
    await this.pickFolder("open", (folderId) => {
      void this.openFolderById(folderId, "the folder");
    });
  }

  /** Lets the user choose a folder: by the native dialog, or by the page's own picker. */
  async pickFolder(
    purpose: "open" | "export" | "search",
    onPick: (folderId: string, name: string) => void,
  ): Promise<void> {
    if (this.#capabilities?.nativeFolderDialog !== true) {
      this.folders.filePurpose = null;
      this.overlay = {
        kind: "folders",
        purpose,
        onPick: (folderId) => {
          onPick(folderId, this.folders.listing?.folder?.displayPath ?? "");
        },
      };
      return;
    }
    try {
      const folder = await this.client.folders.choose();
      if (folder !== null) {
        onPick(folder.folderId, folder.displayPath);
      }
    } catch (thrown) {
      this.#fail(sentenceOf(thrown));
    }
  }

  /** Lets the user choose a folder in which the project's missing files are looked for. */
  async findMovedFiles(): Promise<void> {
    const { project } = this;
    if (project === null) {
      return;
    }
    await this.pickFolder("search", (folderId) => {
      void this.attempt(async () => {
        const { found, missing } = await project.relocate(folderId);
        const [first] = missing;
        this.toasts.show(
          first === undefined ? "done" : "note",
          [
            found.length === 0
              ? "Nothing was found there."
              : `${found.length === 1 ? (found[0] ?? "") : `${found.length} files`} found, and linked to where ${found.length === 1 ? "it is" : "they are"} now.`,
            ...(first === undefined ? [] : [first.reason]),
            ...(missing.length > 1
              ? [`${missing.length - 1} more ${missing.length === 2 ? "is" : "are"} missing.`]
              : []),
          ].join(" "),
        );
      });
    });
  }

  /** Lets the user choose a file in the page's own picker: no shell's dialog tells files by what they are for. */
  pickFile(purpose: FilePurpose, onPickFile: (file: PickableFile) => void): void {
    this.folders.filePurpose = purpose;
    this.overlay = { kind: "files", purpose, onPickFile };
  }

  /** Lets the user choose a file of polygons, then what they become. */
  importPolygons(): void {
    this.pickFile("polygons", (file) => {
      this.overlay = { kind: "import-vectors", file };
    });
  }

  async openFolderById(folderId: string, name: string): Promise<void> {
    await this.#open(
      `Opening ${name}…`,
      async () => (await this.client.projects.open({ folderId })).projectId,
    );
  }

  async openSample(): Promise<void> {
    await this.#open("Drawing the sample…", async () => (await this.client.projects.openSample()).projectId);
  }

  async refreshRecent(): Promise<void> {
    try {
      this.#recent = await this.client.projects.recent();
    } catch {
      // The list is a convenience; the next opening of the menu asks again.
    }
  }

  /** Runs something of the host's and says in a toast when it fails. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (thrown) {
      this.toasts.show("error", sentenceOf(thrown));
      return false;
    }
  }

  /** Goes on with a run of the open project; where its last weights are damaged it says so, and offers to go on from the best epoch. */
  async resumeRun(runId: string): Promise<void> {
    const project = this.#project;
    if (project === null) {
      return;
    }
    try {
      await project.resumeRun(runId);
    } catch (thrown) {
      const fromBest = {
        label: "Go on from the best epoch",
        run: () => void this.attempt(() => project.resumeRun(runId, "best")),
      };
      const isDamaged = toRpcError(thrown).code === "damaged";
      this.toasts.show("error", sentenceOf(thrown), isDamaged ? [fromBest] : []);
    }
  }

  async #start(): Promise<void> {
    for (;;) {
      try {
        this.#capabilities = await this.client.app.capabilities();
        const current = await this.client.projects.current();
        if (current !== null) {
          await this.#open("Opening the project…", () => Promise.resolve(current.projectId));
        }
        await this.refreshRecent();
        break;
      } catch (thrown) {
        if (toRpcError(thrown).code !== "disconnected") {
          this.#openFailure = sentenceOf(thrown);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
    this.#started = true;
  }

  /** The host was restarted and doesn't know the project any more. */
  async #reopen(): Promise<void> {
    const current = await this.client.projects.current().catch(() => null);
    // Even under the same id it is opened anew: what watched the old one has ended.
    this.#close();
    if (current !== null) {
      await this.#open("Opening the project again…", () => Promise.resolve(current.projectId));
    }
  }

  async #open(what: string, find: () => Promise<string>): Promise<void> {
    this.#openings += 1;
    const turn = this.#openings;
    this.#opening = what;
    this.#openFailure = null;
    try {
      const projectId = await find();
      if (turn !== this.#openings || projectId === this.#project?.id) {
        return;
      }
      this.#close();
      const project = await ProjectState.open(projectId, {
        host: this,
        jobs: this.jobs,
        layers: this.layers,
        labelSurface: () => this.mapView.labelSurface?.surface ?? null,
        onLabelFailure: (sentence) => {
          this.toasts.show("error", sentence);
        },
        onLabelNote: (sentence) => {
          this.toasts.show("note", sentence);
        },
        flyToWindow: (mosaicId, pixelWindow) => {
          this.mapView.flyToWindow(mosaicId, pixelWindow);
        },
        onGone: () => {
          void this.#reopen();
        },
      });
      if (turn === this.#openings) {
        this.#project = project;
        void this.refreshRecent();
        void tellGoneOn(this.toasts, project);
      } else {
        project.close();
      }
    } catch (thrown) {
      if (turn === this.#openings) {
        this.#fail(sentenceOf(thrown));
      }
    } finally {
      if (turn === this.#openings) {
        this.#opening = null;
      }
    }
  }

  #close(): void {
    this.#project?.close();
    this.#project = null;
    this.layers.clearProject();
  }

  /** On the start page a failure stands where it happened; elsewhere there is no such place. */
  #fail(sentence: string): void {
    this.#openFailure = sentence;
    if (this.#project !== null) {
      this.toasts.show("error", sentence);
    }
  }
}

const [readWorkspace, provideWorkspace] = createContext<Workspace>();

/** The window's state, for any component below `App`. */
export function getWorkspace(): Workspace {
  return readWorkspace();
}

/** Provides the window's state to all components below. */
export function setWorkspace(workspace: Workspace): Workspace {
  return provideWorkspace(workspace);
}
