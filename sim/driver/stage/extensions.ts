/**
 * What a user of the library brings along: strategies, kinds of consumers and a source of demand of
 * their own, as values. A scenario's file names built-in ones only; these take their place.
 */
import { Data } from "effect"
import type { ConsumerKind } from "../../agents/consumer-kinds.ts"
import { strategies } from "../../agents/strategies/catalogue.ts"
import type { Strategy } from "../../agents/strategy.ts"
import type { OpenSource } from "../../demand/open-source.ts"

export interface Extensions {
  /**
   * In place of the scenario's `operators.strategies`: what operators go by, by weight. Results name
   * them; a built-in's name stands for the built-in.
   */
  readonly strategies?: ReadonlyArray<{
    readonly name: string
    readonly strategy: Strategy
    readonly weight: number
  }>
  /** In place of the scenario's `consumers.kinds`: what consumers are like, by weight. */
  readonly consumerKinds?: ReadonlyArray<{ readonly kind: ConsumerKind; readonly weight: number }>
  /** In place of the scenario's `demand`, as far as it says when calls come, and of which size. */
  readonly openSource?: OpenSource
}

/** Extensions that cannot be run. */
export class ExtensionsInvalid extends Data.TaggedError("ExtensionsInvalid")<{
  /** Where, and what is allowed there. */
  readonly issues: ReadonlyArray<string>
}> {
  override get message(): string {
    return this.issues.join("\n")
  }
}

/** What is wrong with the extensions; empty: they can be run. */
export const issuesOfExtensions = ({
  strategies: own = [],
  consumerKinds = [],
}: Extensions): ReadonlyArray<string> => {
  const builtIn: Readonly<Record<string, Strategy>> = strategies
  const names = own.flatMap(({ name, strategy }, index) => {
    const at = `extensions.strategies.${index}.name`
    if (Object.hasOwn(builtIn, name) && builtIn[name] !== strategy)
      return [`${at}: ${JSON.stringify(name)} is a built-in strategy; give yours another name`]
    return own.findIndex((one) => one.name === name) < index
      ? [`${at}: another strategy is called ${JSON.stringify(name)}`]
      : []
  })
  return [
    ...names,
    ...issuesOfWeights("strategies", own),
    ...issuesOfWeights("consumerKinds", consumerKinds),
  ]
}

const issuesOfWeights = (
  group: keyof Extensions,
  weighted: ReadonlyArray<{ readonly weight: number }>,
): ReadonlyArray<string> => [
  ...weighted.flatMap(({ weight }, index) =>
    weight >= 0 && weight < Infinity
      ? []
      : [`extensions.${group}.${index}.weight: expected a number of 0 or more, got ${weight}`],
  ),
  ...(weighted.length > 0 && weighted.every(({ weight }) => weight === 0)
    ? [`extensions.${group}: at least one needs a weight above 0`]
    : []),
]
