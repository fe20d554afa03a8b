/** Ends the process in order on Ctrl+C or `kill`; a second signal ends it at once. */
export function closeOnSignal(close: () => Promise<void>): void {
  let closing = false;
  const handle = (): void => {
    if (closing) {
      process.exit(130);
    }
    closing = true;
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`orthomask serve: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
}
