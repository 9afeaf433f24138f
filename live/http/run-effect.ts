/**
 * Where code that awaits promises runs an Effect: a route of the gateway, a class of the client library,
 * or the sender of webhooks. No other place of `live` does. A failure is thrown as it is, so that an `HttpError` is what the client is
 * told, and any other is in the log under its own name.
 */
import { Cause, Effect, Exit } from "effect"

export const runEffect = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}
