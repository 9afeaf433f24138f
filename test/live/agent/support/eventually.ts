/** Waiting for what comes in its own time. */

const stepMillis = 2

/** Resolves with the value once there is one; fails after the limit. */
export const eventually = async <T>(value: () => T | undefined, limitMillis = 5000): Promise<T> => {
  const startedMillis = performance.now()
  for (;;) {
    const now = value()
    if (now !== undefined) return now
    if (performance.now() - startedMillis > limitMillis)
      throw new Error(`not within ${limitMillis} ms: ${value.toString()}`)
    await new Promise((resolve) => {
      setTimeout(resolve, stepMillis)
    })
  }
}

/** Resolves once the condition holds, with how long that took, ms. */
export const until = async (condition: () => boolean, limitMillis?: number): Promise<number> => {
  const startedMillis = performance.now()
  await eventually(() => (condition() ? true : undefined), limitMillis)
  return performance.now() - startedMillis
}
