import type { UpdateState } from "#shared/updates.ts";

/** How the app stands to newer versions, in one sentence. */
export function updateWords(state: UpdateState): string {
  switch (state.kind) {
    case "not-here":
      return "Updates: this copy isn't updated by itself.";
    case "no-feed":
      return "Updates: off (no feed configured).";
    case "unusable-feed":
      return `Updates: off. ${state.reason}`;
    case "off":
      return `Updates: off. Nothing is asked of ${state.feed} before you switch it on.`;
    case "looking":
      return `Updates: looking at ${state.feed}…`;
    case "newest":
      return "Updates: this is the newest version.";
    case "declined":
      return `Updates: ${state.version} is there; it isn't downloaded.`;
    case "downloading":
      return `Updates: downloading ${state.version}…`;
    case "downloaded":
      return state.installedOnQuit
        ? `Updates: ${state.version} is installed when you quit.`
        : `Updates: ${state.version} is downloaded; it isn't installed.`;
    case "failed":
      return `Updates: ${state.reason}`;
  }
}
