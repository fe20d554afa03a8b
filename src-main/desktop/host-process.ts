import type { MessagePortMain } from "electron";
import { connectContract } from "#shared/rpc/client.ts";
import type { Client, Implementation } from "#shared/rpc/contract.ts";
import { serveContract } from "#shared/rpc/server.ts";
import type { Channels } from "../host/ports/channels.ts";
import { HOST_CHANNEL, SHELL_CHANNEL, hostContract, shellContract } from "../host/ports/shell-contract.ts";
import { OLDEST_NODE_MAJOR, findNode } from "./find-node.ts";
import { forkHost } from "./forked-host.ts";
import { launchUtilityHost } from "./utility-host.ts";

/** A process that runs the host's script, however it was started. */
export interface HostChild {
  readonly channels: Channels;
  /** Gives the host a page; the port is the host's from here on. */
  readonly connectPage: (port: MessagePortMain) => void;
  readonly kill: () => void;
  /** Resolves when the process is gone, with a sentence that says how. */
  readonly exited: Promise<string>;
}

/** A running host, as the main process holds it. */
export interface HostProcess extends Pick<HostChild, "connectPage" | "kill" | "exited"> {
  readonly control: Client<typeof hostContract>;
}

export type HostStart = Parameters<Client<typeof hostContract>["host"]["start"]>[0];

/**
 * Starts the host: as a utility process where Electron's Node is new enough, else with a Node found on the machine, whose
 * messages the main process relays. Rejects with a sentence for the user.
 */
export async function startHostProcess(
  scriptPath: string,
  start: HostStart,
  shell: Implementation<typeof shellContract>,
): Promise<HostProcess> {
  const ownNodeMajor = Number(process.versions.node.split(".")[0]);
  const child =
    ownNodeMajor >= OLDEST_NODE_MAJOR
      ? launchUtilityHost(scriptPath, start.enginePath)
      : forkHost(scriptPath, await findNode());
  serveContract(shellContract, shell, child.channels.open(SHELL_CHANNEL));
  const control = connectContract(hostContract, child.channels.open(HOST_CHANNEL));
  const died = child.exited.then((reason) => {
    throw new Error(reason);
  });
  try {
    await Promise.race([control.host.start(start), died]);
  } catch (error) {
    child.kill();
    // A lost connection says less than how the process ended.
    const disconnected = error instanceof Error && "code" in error && error.code === "disconnected";
    throw disconnected ? new Error(await child.exited) : error;
  }
  const { connectPage, kill, exited } = child;
  return { control, connectPage, kill, exited };
}
