import { connectContract } from "#shared/rpc/client.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { MessagePortLike } from "#shared/rpc/port.ts";
import type { EngineExit, EngineLauncher } from "../host-options.ts";
import { enginesContract } from "./shell-contract.ts";

/** A launcher that asks the shell for engines, for a host that can't start processes of its own. `channel` carries `enginesContract`. */
export function shellEngineLauncher(
  channel: MessagePortLike,
  takeEnginePort: (engineId: string) => MessagePortLike | null,
): EngineLauncher {
  const { engines } = connectContract(enginesContract, channel);
  return {
    launch: async () => {
      const { engineId, pid } = await engines.launch();
      const port = takeEnginePort(engineId);
      if (port === null) {
        throw new RpcError("internal", "The engine could not be started: the shell handed no port over.");
      }
      const exited = engines.exited({ engineId }).catch((): EngineExit => ({
        code: null,
        signal: null,
        outputTail: "",
      }));
      // A port between two utility processes may outlive the one at its other end.
      void exited.then(() => {
        port.close();
      });
      return {
        port,
        pid,
        kill: () => {
          // A shell that is gone takes its processes along.
          engines.kill({ engineId }).catch(() => undefined);
        },
        exited,
      };
    },
  };
}
