/**
 * Assertions for the inner loops of properties: a comparison and no more where all is well, and a
 * message that names the invariant where it is not.
 */
export function ensure(isTrue: boolean, invariant: string, detail: () => unknown): asserts isTrue {
  if (isTrue) return
  throw new Error(`${invariant}: ${JSON.stringify(detail(), (_, value: unknown) => shown(value))}`)
}

const shown = (value: unknown): unknown =>
  typeof value === "bigint"
    ? value.toString()
    : value instanceof Set
      ? [...value]
      : value instanceof Map
        ? [...value.entries()]
        : value

/** What a map holds for a key that it must hold. */
export const held = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
  const value = map.get(key)
  if (value === undefined) throw new Error(`nothing is held for ${String(key)}`)
  return value
}
