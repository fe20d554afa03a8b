import { MessageChannelMain, utilityProcess } from "electron";
import type { MessagePortMain } from "electron";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { EngineExit } from "../host/host-options.ts";
import type { EnginePortMessage, enginesContract } from "../host/ports/shell-contract.ts";
import { TextTail } from "../host/ports/text-tail.ts";

interface RunningEngine {
  readonly exited: Promise<EngineExit>;
  kill(): void;
}

/** How much of what an engine wrote is kept to explain its end, in characters. */
const OUTPUT_TAIL_LENGTH = 4096;
/** How long after an engine's end its last words may take to arrive, in milliseconds. */
const LAST_WORDS_TIME = 300;

/**
 * Starts engines as utility processes of Electron's for a host that is one too. `handOver` passes the host its end of a port
 * between the two, so that batches don't go through this process.
 */
export function utilityEngines(
  scriptPath: string,
  handOver: (message: EnginePortMessage, port: MessagePortMain) => void,
): Implementation<typeof enginesContract> {
  const running = new Map<string, RunningEngine>();
  let launched = 0;

  function find(engineId: string): RunningEngine {
    const engine = running.get(engineId);
    if (engine === undefined) {
      throw new RpcError("not-found", `There is no engine ${engineId}.`);
    }
    return engine;
  }

  return {
    engines: {
      launch: async () => {
        launched += 1;
        const message: EnginePortMessage = {
          kind: "orthomask:engine-port",
          engineId: `engine-${launched}`,
        };
        const { engine, pid, connect } = await launchEngine(scriptPath);
        running.set(message.engineId, engine);
        const { port1, port2 } = new MessageChannelMain();
        connect(message, port1);
        handOver(message, port2);
        return { engineId: message.engineId, pid };
      },
      kill: ({ engineId }) => {
        running.get(engineId)?.kill();
      },
      exited: async ({ engineId }) => {
        const exit = await find(engineId).exited;
        running.delete(engineId);
        return exit;
      },
    },
  };
}

async function launchEngine(scriptPath: string): Promise<{
  readonly engine: RunningEngine;
  readonly pid: number;
  readonly connect: (message: EnginePortMessage, port: MessagePortMain) => void;
}> {
  const child = utilityProcess.fork(scriptPath, [], { serviceName: "Orthomask engine", stdio: "pipe" });
  const tail = new TextTail(OUTPUT_TAIL_LENGTH);
  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (chunk: Buffer) => {
      tail.add(chunk.toString());
    });
  }
  let killed = false;
  const exited = new Promise<EngineExit>((resolve) => {
    child.once("exit", (code) => {
      // Unlike a forked process's `close`, `exit` doesn't wait for the output to be read.
      setTimeout(() => {
        resolve({ ...ending(code, killed), outputTail: tail.text });
      }, LAST_WORDS_TIME);
    });
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("spawn", () => {
      resolve(child.pid ?? 0);
    });
    void exited.then(({ code, outputTail }) => {
      reject(
        new RpcError(
          "internal",
          `The engine could not be started: it ended with code ${String(code)}. ${outputTail}`,
        ),
      );
    });
  });
  return {
    engine: {
      exited,
      kill: () => {
        killed = true;
        try {
          // `child.kill()` asks politely, which an engine within TensorFlow doesn't hear.
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      },
    },
    pid,
    connect: (message, port) => {
      child.postMessage(message, [port]);
    },
  };
}

/** Electron tells a code only, which on POSIX is the number of the signal where one ended the process. */
function ending(code: number, killed: boolean): Pick<EngineExit, "code" | "signal"> {
  const signals: Readonly<Record<number, string>> = {
    6: "SIGABRT",
    9: "SIGKILL",
    11: "SIGSEGV",
    15: "SIGTERM",
  };
  const signal = killed ? "SIGKILL" : process.platform === "win32" ? undefined : signals[code];
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}
