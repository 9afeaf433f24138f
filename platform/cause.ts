/** What was thrown, which may be anything, in words and as an error. */

export const causeText = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)

export const asError = (cause: unknown): Error =>
  cause instanceof Error ? cause : new Error(String(cause))
