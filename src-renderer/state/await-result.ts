/** The result at the end of a stream that tells how far it is. Throws what the stream throws. */
export async function awaitResult<Result>(
  items: AsyncIterable<
    | { readonly kind: "progress"; readonly share: number }
    | { readonly kind: "result"; readonly result: Result }
  >,
  onProgress: (share: number) => void,
): Promise<Result> {
  for await (const item of items) {
    if (item.kind === "result") {
      return item.result;
    }
    onProgress(item.share);
  }
  throw new Error("The host ended without an answer.");
}
