/** How a host ended, for the user: its exit code or signal, and the last line it wrote about it. */
export function exitSentence(
  { code, signal }: { readonly code: number | null; readonly signal: string | null },
  stderrTail: string,
): string {
  const how = signal === null ? `with code ${String(code)}` : `by ${signal}`;
  const lines = stderrTail.split("\n").map((line) => line.trim());
  // An uncaught error's message stands before its stack and Node's version line.
  const said = lines.find((line) => /^(\w*Error|FATAL|panic)\b.*:/i.test(line));
  return `Orthomask's host process ended ${how}.${said === undefined ? "" : ` ${said}`}`;
}
