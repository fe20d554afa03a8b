import type { RemoteAccess } from "../raster/index.ts";
import type { ShellCommand } from "#shared/contract.ts";
import type { MessagePortLike } from "#shared/rpc/port.ts";
import type { UpdateState, UpdateWish } from "#shared/updates.ts";

/** What a shell gives the host it starts. */
export interface HostOptions {
  /** Recent projects, the sample, and the storage of projects whose folder is read-only. */
  readonly dataDirectory: string;
  /** Pyramids and other files that can be made again. */
  readonly cacheDirectory: string;
  readonly engine: EngineLauncher;
  readonly shell: ShellBridge;
  /** Folders below which the folder picker browses; "anywhere" only where the user has the whole disk anyway. */
  readonly allowedRoots: readonly string[] | "anywhere";
  /** The folder to begin with; null leaves it to the host (last project, else the start page). */
  readonly initialFolder: string | null;
  /** On which other servers mosaics may lie; on any where it isn't said. */
  readonly remoteFiles?: RemoteAccess;
  readonly version: string;
}

/** The running host, as its shell holds it. */
export interface Host {
  /** Serves the contract on `port` until it closes or the returned function is called. */
  connect(port: MessagePortLike): () => void;
  /** Makes FOLDER what `projects.current` answers; the shell reloads the page after. Throws `not-found` without such a folder. */
  showFolder(folderPath: string): Promise<void>;
  /** What the user dropped on the window, for the pages' `folders.dropped`. Throws `not-found` where nothing of it is there. */
  takeDropped(paths: readonly string[]): Promise<void>;
  /** A file that the host granted for download, by an id of letters, digits, `_` and `-`; null when the id is unknown or the file is gone. */
  resolveDownload(downloadId: string): DownloadableFile | null;
  /** Stops jobs after their step in flight, writes what has to be written and ends the engine. */
  close(): Promise<void>;
}

export interface DownloadableFile {
  readonly filePath: string;
  /** The name offered to the user. */
  readonly fileName: string;
}

/** How the host starts an engine; it does so on first use, and again after one has died. */
export interface EngineLauncher {
  launch(): Promise<EngineProcess>;
}

/** A running engine process. Its port closes when it is gone. */
export interface EngineProcess {
  readonly port: MessagePortLike;
  readonly pid: number;
  /** Ends it at once, as `kill -9` would. */
  kill(): void;
  readonly exited: Promise<EngineExit>;
}

/** How the engine ended: one of `code` and `signal`, and the last 4 KB it wrote to stdout and stderr. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly outputTail: string;
}

export interface ShellCapabilities {
  readonly nativeFolderDialog: boolean;
  readonly saveDialog: boolean;
  readonly revealInFolder: boolean;
  /** The shell serves granted files under /download/ID. */
  readonly download: boolean;
  /** Pages can be printed to PDF files. */
  readonly printToPdf: boolean;
  /** It hands on where lies what is dropped on the window. */
  readonly dropPaths: boolean;
}

/** A project for the shell's own "Open recent" menu. */
export interface RecentFolder {
  readonly name: string;
  readonly folderPath: string;
}

/** What the shell around the host can do. Methods of a missing capability reject with `unsupported`. */
export interface ShellBridge {
  readonly capabilities: ShellCapabilities;
  /** The folder the user chose in the native dialog, null when they left it. */
  chooseFolder(): Promise<string | null>;
  /** The file to write to, null when the user left the dialog. */
  chooseSaveFile(suggestedName: string): Promise<string | null>;
  /** Shows a file in the system's file manager. */
  reveal(filePath: string): Promise<void>;
  /** Prints an HTML file of our own making, which needs nothing else, to a PDF file on A4. */
  printToPdf(htmlPath: string, pdfPath: string): Promise<void>;
  /** Why closing the window should ask first ("Training unet is running"); null when it need not. */
  setBusy(reason: string | null): void;
  setRecentFolders(folders: readonly RecentFolder[]): void;
  /** Newer versions of the app, which only a shell can put in its place. */
  updates(wish: UpdateWish): Promise<UpdateState>;
  /** Commands chosen in the shell's menu, for the contract's `app.commands`. Returns how to stop listening. */
  onCommand(listener: (command: ShellCommand) => void): () => void;
}
