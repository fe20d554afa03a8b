import type { Run } from "#shared/training/run.ts";

/** How a run stands, in a word or two. */
export function runWords({ state }: Run): string {
  switch (state.kind) {
    case "running":
      return "training";
    case "finished":
      switch (state.reason) {
        case "all-epochs":
          return "finished";
        case "stopped":
          return "stopped";
        case "step-limit":
          return "step limit";
      }
      break;
    case "interrupted":
      return "interrupted";
    case "failed":
      return "failed";
  }
}

/** The network of a run as one line: "unet, width 16". */
export function networkWords({ settings }: Run): string {
  return settings.width === null
    ? settings.architecture
    : `${settings.architecture}, width ${settings.width}`;
}
