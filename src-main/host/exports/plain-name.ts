/** A name that people chose as one that every file system takes; empty where nothing of it can be kept. */
export function plainName(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, 60);
}
