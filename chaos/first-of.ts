/** The first item of a stream, which is left then. */
export async function firstOf<Item>(stream: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of stream) {
    return item;
  }
  return undefined;
}
