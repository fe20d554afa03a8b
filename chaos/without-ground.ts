/** Takes the temporary folders that rounds are made in out of a text that is kept: `/tmp/orthomask-chaos-Gqt/disk/project` becomes `disk/project`. */
export function withoutGround(text: string): string {
  return text.replaceAll(/(?:[A-Za-z]:)?[/\\][^\s"]*?orthomask-(?:chaos|soak)-\w{6}[/\\]/g, "");
}
