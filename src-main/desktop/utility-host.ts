import { utilityProcess } from "electron";
import { serveContract } from "#shared/rpc/server.ts";
import { webMessagePort } from "#shared/rpc/ports/web-message-port.ts";
import { Channels } from "../host/ports/channels.ts";
import { ENGINES_CHANNEL, PAGE_PORT_MESSAGE, enginesContract } from "../host/ports/shell-contract.ts";
import { TextTail } from "../host/ports/text-tail.ts";
import { exitSentence } from "./exit-sentence.ts";
import type { HostChild } from "./host-process.ts";
import { utilityEngines } from "./utility-engines.ts";

/** Runs the host's script in a utility process of Electron's; pages and the engines it asks for get a port straight to it. */
export function launchUtilityHost(scriptPath: string, engineScript: string): HostChild {
  const child = utilityProcess.fork(scriptPath, [], { serviceName: "Orthomask host", stdio: "pipe" });
  const tail = new TextTail(4096);
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  child.stderr?.on("data", (chunk: Buffer) => {
    tail.add(chunk.toString());
  });
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code) => {
      resolve(exitSentence({ code, signal: null }, tail.text));
    });
  });
  const port = webMessagePort({
    postMessage: (message) => {
      child.postMessage(message);
    },
    on: (event: "message" | "close", listener: (event: unknown) => void) => {
      if (event === "message") {
        child.on("message", (data: unknown) => {
          listener({ data });
        });
      } else {
        child.once("exit", listener);
      }
    },
  });
  const channels = new Channels(port);
  serveContract(
    enginesContract,
    utilityEngines(engineScript, (message, enginePort) => {
      child.postMessage(message, [enginePort]);
    }),
    channels.open(ENGINES_CHANNEL),
  );
  return {
    channels,
    connectPage: (pagePort) => {
      child.postMessage(PAGE_PORT_MESSAGE, [pagePort]);
    },
    kill: () => {
      child.kill();
    },
    exited,
  };
}
