/** What a call, a backend or a file of the agent gives, or the error that it ends with. */
import { asError } from "../../../platform/cause.ts"
import { Effect } from "effect"

export const fromPromise = <A>(
  call: (signal: AbortSignal) => Promise<A>,
): Effect.Effect<A, Error> =>
  Effect.tryPromise(call).pipe(Effect.mapError(({ error }) => asError(error)))
