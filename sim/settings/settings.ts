/**
 * Settings of a scenario where there are two layers of them: those of every run of an experiment
 * (`--both`), and those in which its runs differ.
 */
import { ScenarioInvalid } from "./scenario-error.ts"

const pathOf = (text: string): string => text.split("=")[0].trim()

/**
 * The upper layer's assignments over the lower one's. A group that is set as a whole would undo what
 * the lower layer has in it: such a setting is made again, after the group.
 */
export const withSettings = (
  both: ReadonlyArray<string>,
  set: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  const isBelow = (text: string) => (one: string) => pathOf(one).startsWith(`${pathOf(text)}.`)
  return [
    ...both.filter((one) => !set.some((text) => isBelow(text)(one))),
    ...set.flatMap((text) => [text, ...both.filter(isBelow(text))]),
  ]
}

/** The same mistake, under the name of the option that it was made in. */
export const sayBoth = ({ source, issues }: ScenarioInvalid): ScenarioInvalid =>
  new ScenarioInvalid({
    source: source.replace(/^--set /, "--both ").replace(/ with --set$/, " with --both"),
    issues: issues.map(({ path, message }) => ({
      path,
      message: message.replace(/^would undo --set /, "would undo --both "),
    })),
  })
