/** One after the other: accounts and hosts get their numbers in this order. */
export const inTurn = async <T, R>(
  list: ReadonlyArray<T>,
  act: (one: T) => Promise<R>,
): Promise<Array<R>> => {
  const results: Array<R> = []
  for (const one of list) results.push(await act(one))
  return results
}
