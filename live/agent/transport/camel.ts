/** What the gateway writes in snake_case as it is in TypeScript, and back. */
import { isObject } from "../../../platform/json/json-object.ts"

type CamelWord<S> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelWord<Tail>>}`
  : S
export type Camel<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Camel<Item>>
    : T extends object
      ? { readonly [K in keyof T as CamelWord<K>]: Camel<T[K]> }
      : T

/** Keys in camelCase, all the way down. */
export const camelised = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelised)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/(?<=[^_])_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
      camelised(one),
    ]),
  )
}

/** The keys of an object in snake_case; what is undefined is left out. Values stay as they are. */
export const snaked = (value: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      one === undefined
        ? []
        : [[key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), one]],
    ),
  )
