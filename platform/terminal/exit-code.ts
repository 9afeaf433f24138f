/** How a command that failed ends its process. */

/** What is mended in what was given: an argument, a setting, a file of settings. */
const mistakes: ReadonlySet<string> = new Set([
  "UsageError",
  "ScenarioInvalid",
  "EconomyInvalid",
  "ConfigInvalid",
  "TraceInvalid",
])

/** 2 where the user has to mend what was given, 1 where something else failed. */
export const exitCodeOf = (error: unknown): 1 | 2 =>
  error instanceof Error && "_tag" in error && mistakes.has(String(error._tag)) ? 2 : 1
