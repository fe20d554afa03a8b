/**
 * Ends the process in order on Ctrl+C or `kill`; a second Ctrl+C ends it at once. A `kill` after a Ctrl+C doesn't: the
 * terminal sends the one to us and to the program that started us, which then sends the other.
 */
export function closeOnSignal(close: () => Promise<void>): void {
  let closing = false;
  const begin = (): void => {
    closing = true;
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`orthomask serve: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", () => {
    if (closing) {
      process.exit(130);
    }
    begin();
  });
  process.on("SIGTERM", () => {
    if (!closing) {
      begin();
    }
  });
}
