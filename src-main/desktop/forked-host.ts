import { fork } from "node:child_process";
import { processPort } from "#shared/rpc/ports/process-port.ts";
import { webMessagePort } from "#shared/rpc/ports/web-message-port.ts";
import { Channels, joinPorts } from "../host/ports/channels.ts";
import { PAGE_CHANNEL_PREFIX } from "../host/ports/shell-contract.ts";
import { TextTail } from "../host/ports/text-tail.ts";
import type { HostChild } from "./host-process.ts";
import { exitSentence } from "./exit-sentence.ts";

/** Runs the host's script with another Node than Electron's; pages reach it through this process. */
export function forkHost(scriptPath: string, nodePath: string): HostChild {
  const { ELECTRON_RUN_AS_NODE: _, ...environment } = process.env;
  const child = fork(scriptPath, [], {
    execPath: nodePath,
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environment,
  });
  const tail = new TextTail(4096);
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  child.stderr?.on("data", (chunk: Buffer) => {
    tail.add(chunk.toString());
  });
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      resolve(`The host could not be started: ${error.message}`);
    });
    child.once("close", (code, signal) => {
      resolve(exitSentence({ code, signal }, tail.text));
    });
  });
  const channels = new Channels(processPort(child));
  let pages = 0;
  return {
    channels,
    connectPage: (port) => {
      pages += 1;
      joinPorts(webMessagePort(port), channels.open(`${PAGE_CHANNEL_PREFIX}${pages}`));
    },
    kill: () => {
      child.kill("SIGKILL");
    },
    exited,
  };
}
