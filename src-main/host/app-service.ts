import type { AppContract, EngineStatus, ShellCommand } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import type { ShellBridge } from "./host-options.ts";

/** What the page may know of its surroundings, and what the shell's menu asks of it. */
export function appService({
  shell,
  version,
  learning,
}: {
  readonly shell: ShellBridge;
  readonly version: string;
  readonly learning: { engineStatus(): Promise<EngineStatus> };
}): Implementation<AppContract>["app"] {
  return {
    capabilities: () => ({ ...shell.capabilities, orthomaskVersion: version }),
    engineStatus: () => learning.engineStatus(),
    updates: ({ wish }) => shell.updates(wish),
    commands: (_, { signal }) => shellCommands(shell, signal),
  };
}

async function* shellCommands(
  shell: ShellBridge,
  signal: AbortSignal,
): AsyncGenerator<ShellCommand, void, undefined> {
  const given: ShellCommand[] = [];
  let wake: () => void = () => undefined;
  const stop = shell.onCommand((command) => {
    given.push(command);
    wake();
  });
  const notify = (): void => {
    wake();
  };
  signal.addEventListener("abort", notify);
  try {
    while (!signal.aborted) {
      const next = given.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        yield next;
      }
    }
  } finally {
    stop();
    signal.removeEventListener("abort", notify);
  }
}
