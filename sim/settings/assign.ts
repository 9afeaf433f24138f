/**
 * `--set path=value`: one value of a scenario by its dotted path. The value is read as YAML, so that
 * numbers, booleans, null and lists can be written as they are in a file.
 */
import { Either } from "effect"
import { parse } from "yaml"
import type { Tree } from "../../engine/index.ts"
import { isTree } from "../../engine/index.ts"
import { ScenarioInvalid } from "./scenario-error.ts"

const refused = (text: string, path: string, message: string) =>
  Either.left(new ScenarioInvalid({ source: `--set ${text}`, issues: [{ path, message }] }))

/** An economy that is only named, as a group that knobs can be laid over. */
export const withEconomyGroup = (tree: Tree): Tree =>
  typeof tree["economy"] === "string" ? { ...tree, economy: { extends: tree["economy"] } } : tree

/** `tree` with the value at the path of `path=value` replaced. Lists are indexed by number. */
export const assign = (tree: Tree, text: string): Either.Either<Tree, ScenarioInvalid> => {
  const at = text.indexOf("=")
  const path = at < 0 ? text : text.slice(0, at)
  const keys = path.split(".")
  if (at < 1 || keys.some((key) => key === "" || key === "__proto__"))
    return refused(text, "", "expected path=value, for example economy.feeBps=1000")
  let value: unknown
  try {
    value = parse(text.slice(at + 1))
  } catch {
    return refused(text, path, "the value is no YAML; quote it if it holds special characters")
  }
  const result = put(tree, keys, value)
  return result === undefined
    ? refused(
        text,
        path,
        "no such list entry: lists are indexed from 0, and one past the end appends",
      )
    : Either.right(withEconomyGroup(result as Tree))
}

/** A path through a value that is no group puts one there. */
const put = (place: unknown, keys: ReadonlyArray<string>, value: unknown): unknown => {
  const [key, ...rest] = keys
  if (key === undefined) return value
  if (Array.isArray(place)) {
    const index = Number(key)
    if (!Number.isInteger(index) || index < 0 || index > place.length) return undefined
    const inner = put(place[index], rest, value)
    return inner === undefined ? undefined : Object.assign([...place], { [index]: inner })
  }
  const base = isTree(place) ? place : {}
  const inner = put(base[key], rest, value)
  return inner === undefined ? undefined : { ...base, [key]: inner }
}
