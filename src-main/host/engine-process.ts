import { fork } from "node:child_process";
import { processPort } from "#shared/rpc/ports/process-port.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { EngineExit, EngineLauncher, EngineProcess } from "./host-options.ts";
import { TextTail } from "./ports/text-tail.ts";

export interface ForkEngineOptions {
  /** The Node that runs it; without it the one that runs the host (Electron's own, as Node, in a utility process). */
  readonly nodePath?: string;
  /** Added to the host's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How much of what the engine wrote is kept to explain its end, in characters. */
const OUTPUT_TAIL_LENGTH = 4096;

/** A launcher that forks the engine's script, for `HostOptions.engine`. */
export function engineLauncher(enginePath: string, options: ForkEngineOptions = {}): EngineLauncher {
  return { launch: () => forkEngine(enginePath, options) };
}

/**
 * Starts the engine's script in a process of its own, with an IPC channel that carries typed arrays. Resolves once the process
 * exists; what it says first comes through its port. Rejects with `internal` when it can't be started at all.
 */
export async function forkEngine(
  enginePath: string,
  options: ForkEngineOptions = {},
): Promise<EngineProcess> {
  const child = fork(enginePath, {
    serialization: "advanced",
    // Nothing of the engine's reaches our own output: on the command line that is one JSON document.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Flags of the host (an inspector's port, a test runner's loader) are not the engine's.
    execArgv: [],
    ...(options.nodePath === undefined ? {} : { execPath: options.nodePath }),
    env: {
      ...process.env,
      // Inside Electron, execPath is Electron.
      ...(process.versions["electron"] === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" }),
      ...options.env,
    },
  });
  const tail = new TextTail(OUTPUT_TAIL_LENGTH);
  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (chunk: Buffer) => {
      tail.add(chunk.toString());
    });
  }
  const exited = new Promise<EngineExit>((resolve) => {
    // `close` rather than `exit`: only then has all of its output been read.
    child.once("close", (code, signal) => {
      resolve({ code, signal, outputTail: tail.text });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      reject(new RpcError("internal", `The engine could not be started: ${error.message}`, { cause: error }));
    });
  });
  // Later errors (a message to a dead process) are told by `exited` and the port's end.
  child.on("error", () => undefined);
  const { pid } = child;
  if (pid === undefined) {
    throw new RpcError("internal", "The engine could not be started: it has no process id.");
  }
  return {
    port: processPort(child),
    pid,
    kill: () => {
      child.kill("SIGKILL");
    },
    exited,
  };
}
