// The host in a process of its own: connects the shell that started it, and the pages it announces, to the host.
import { connectContract } from "#shared/rpc/client.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { serveContract } from "#shared/rpc/server.ts";
import { createHost } from "./create-host.ts";
import { engineLauncher } from "./engine-process.ts";
import type { Host } from "./host-options.ts";
import { connectParentProcess } from "./ports/parent-process.ts";
import { remoteShell } from "./ports/remote-shell.ts";
import type { RemoteShell } from "./ports/remote-shell.ts";
import { shellEngineLauncher } from "./ports/shell-engines.ts";
import {
  ENGINES_CHANNEL,
  HOST_CHANNEL,
  SHELL_CHANNEL,
  hostContract,
  shellContract,
} from "./ports/shell-contract.ts";

const parent = connectParentProcess();
let running: { readonly host: Promise<Host>; readonly shell: RemoteShell } | null = null;

function started(): { readonly host: Promise<Host>; readonly shell: RemoteShell } {
  if (running === null) {
    throw new RpcError("conflict", "The host has not been started yet.");
  }
  return running;
}

serveContract(
  hostContract,
  {
    host: {
      start: async ({ enginePath, capabilities, ...options }) => {
        if (running !== null) {
          throw new RpcError("conflict", "The host has been started already.");
        }
        const shell = remoteShell(
          connectContract(shellContract, parent.channels.open(SHELL_CHANNEL)),
          capabilities,
        );
        const engine =
          parent.takeEnginePort === null
            ? engineLauncher(enginePath)
            : shellEngineLauncher(parent.channels.open(ENGINES_CHANNEL), parent.takeEnginePort);
        const host = createHost({ ...options, engine, shell });
        running = { host, shell };
        parent.onPage((port) => {
          void host.then(
            (ready) => ready.connect(port),
            () => {
              port.close();
            },
          );
        });
        await host;
      },
      showFolder: async ({ folderPath }) => (await started().host).showFolder(folderPath),
      takeDropped: async ({ paths }) => (await started().host).takeDropped(paths),
      command: ({ command }) => {
        started().shell.deliver(command);
      },
      close: async () => (await started().host).close(),
    },
  },
  parent.channels.open(HOST_CHANNEL),
);

parent.onGone(() => {
  const closing = running === null ? Promise.resolve() : running.host.then((host) => host.close());
  const exit = (): void => process.exit();
  closing.then(exit, exit);
});
