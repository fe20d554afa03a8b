/** The name under which a damaged file is kept aside: its own, with the time before its ending. */
export function damagedName(stem: string, ending = ""): string {
  return `${stem}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, "-")}${ending}`;
}
