import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { WebSocket } from "ws";
import { contract } from "#shared/contract.ts";
import type { AppContract } from "#shared/contract.ts";
import { connectContract } from "#shared/rpc/client.ts";
import type { Client } from "#shared/rpc/contract.ts";
import type { Job } from "#shared/jobs/job.ts";
import type { Problem } from "#shared/project/mosaic.ts";
import { webSocketPort } from "#shared/rpc/ports/web-socket-port.ts";

const serverScript = path.resolve(import.meta.dirname, "../out/server/server.mjs");
/** A machine that others use may stand still for minutes. */
const startMilliseconds = 300_000;
/** The networks are so small that the engine's threads would only wait for each other, and for other processes. */
const singleThreaded = {
  TF_NUM_INTRAOP_THREADS: "1",
  TF_NUM_INTEROP_THREADS: "1",
  OMP_NUM_THREADS: "1",
};

/** The built app on a project folder, in a process of its own, and a page's client to it. */
export class RunningApp {
  static readonly #running = new Set<ChildProcess>();
  readonly client: Client<AppContract>;
  readonly projectId: string;
  readonly mosaicIds: readonly string[];
  readonly classIds: readonly number[];
  /** What the project tells its user, in sentences. */
  readonly problems: readonly Problem[];
  readonly folder: string;
  /** The address that signs a browser in. */
  readonly url: URL;
  /** The host's process. */
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(
    given: Pick<
      RunningApp,
      "client" | "projectId" | "mosaicIds" | "classIds" | "problems" | "folder" | "url" | "pid"
    >,
    child: ChildProcess,
  ) {
    this.client = given.client;
    this.projectId = given.projectId;
    this.mosaicIds = given.mosaicIds;
    this.classIds = given.classIds;
    this.problems = given.problems;
    this.folder = given.folder;
    this.url = given.url;
    this.pid = given.pid;
    this.#child = child;
  }

  /**
   * Starts the app on a folder, as another user where `userId` is given; rejects where it ends or the project doesn't open. Data and cache lie in `base`, or where `data`
   * says.
   */
  static async start(
    { base, folder }: { readonly base: string; readonly folder: string },
    { data = base, userId }: { readonly data?: string; readonly userId?: number } = {},
  ): Promise<RunningApp> {
    const child = spawn(process.execPath, [serverScript, "serve", folder, "--root", base, "--json"], {
      env: {
        ...process.env,
        ...singleThreaded,
        ORTHOMASK_DATA: path.join(data, "data"),
        ORTHOMASK_CACHE: path.join(data, "cache"),
      },
      ...(userId === undefined ? {} : { uid: userId, gid: userId }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    RunningApp.#running.add(child);
    child.once("exit", () => {
      RunningApp.#running.delete(child);
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    try {
      const url = await addressOf(child, () => said);
      const signedIn = await fetch(url, { redirect: "manual" });
      const cookie = String(signedIn.headers.get("set-cookie")?.split(";")[0]);
      const socket = new WebSocket(`ws://${url.host}/rpc`, { headers: { cookie, origin: url.origin } });
      await new Promise((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
      });
      const client = connectContract(contract, webSocketPort(socket));
      const projectId = (await client.projects.current())?.projectId;
      if (projectId === undefined) {
        throw new Error("The project did not open.");
      }
      for await (const snapshot of client.projects.watch({ projectId })) {
        if (!snapshot.scanning) {
          const mosaicIds = snapshot.mosaics.map(({ id }) => id);
          const classIds = snapshot.classes.map(({ id }) => id);
          const { problems } = snapshot;
          const pid = child.pid as number;
          return new RunningApp(
            { client, projectId, mosaicIds, classIds, problems, folder, url, pid },
            child,
          );
        }
      }
      throw new Error("The project was never read to its end.");
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** Ends what a case left running that failed on its way; while it runs, this process would not end either. */
  static async endAll(): Promise<void> {
    await Promise.all(
      [...RunningApp.#running].map((child) => {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        return gone;
      }),
    );
  }

  /** The engine: the process that the app has started which runs `engine.mjs`; null while there is none. */
  enginePid(): number | null {
    return childrenOf(this.#child.pid).find((pid) => commandOf(pid).includes("engine.mjs")) ?? null;
  }

  /** Has the engine started where it isn't. */
  async startEngine(): Promise<void> {
    await this.client.diagnostics.describe();
  }

  /** Ends the host as a crash would, and waits for what it had started to go too; tells which processes outlived it by more than ten seconds. */
  async kill(): Promise<string[]> {
    if (!RunningApp.#running.has(this.#child)) {
      throw new Error("the app had ended by itself before it was killed");
    }
    const started = childrenOf(this.#child.pid);
    await this.#end("SIGKILL");
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (started.every((pid) => commandOf(pid) === "")) {
        return [];
      }
      await setTimeout(50);
    }
    return started.map(commandOf).filter((command) => command !== "");
  }

  /** Ends the app in order; one that has ended already would never tell of it again. */
  async close(): Promise<void> {
    if (RunningApp.#running.has(this.#child)) {
      await this.#end("SIGTERM");
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill(signal);
    await gone;
  }

  /** How a job ended. */
  async ended(jobId: string): Promise<Job["state"]> {
    for await (const jobs of this.client.jobs.watch()) {
      const state = jobs.find(({ id }) => id === jobId)?.state;
      if (state !== undefined && state.kind !== "running" && state.kind !== "queued") {
        return state;
      }
    }
    throw new Error("The list of jobs ended.");
  }
}

function addressOf(child: ChildProcess, said: () => string): Promise<URL> {
  return new Promise<URL>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const address = /"url":\s*"([^"]+)"/.exec(text)?.[1];
      if (address !== undefined) {
        resolve(new URL(address));
      }
    });
    child.once("exit", () => {
      reject(new Error(`The app ended before it told its address: ${said()}`));
    });
    globalThis
      .setTimeout(() => {
        reject(new Error(`The app told no address within five minutes: ${said()}`));
      }, startMilliseconds)
      .unref();
  });
}

function childrenOf(pid: number | undefined): number[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8").trim();
    return text === "" ? [] : text.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

/** Empty for a process that is gone, also one that nobody has waited for. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
