/** What somebody meant who has mistyped a name. */
import { distance } from "fastest-levenshtein"

/** The name that a word is nearest to, where that is near enough to be meant: a third of its letters. */
export const closest = (word: string, names: ReadonlyArray<string>): string | undefined => {
  const [nearest] = names
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, edits }) =>
        edits <= Math.max(1, Math.floor(name.length / 3)) || isSwapped(word, name),
    )
    .toSorted((a, b) => a.edits - b.edits)
  return nearest?.name
}

/** Two letters beside each other in the wrong order: the commonest slip, which counts as two edits. */
const isSwapped = (word: string, name: string): boolean =>
  word.length === name.length &&
  Array.from({ length: name.length - 1 }, (_, at) => at).some(
    (at) => word === `${name.slice(0, at)}${name[at + 1]}${name[at]}${name.slice(at + 2)}`,
  )
