/**
 * Notes what each call was charged for: from the kernel's terms when an attempt is dispatched, and from
 * its `Finish`. The note is in the commit of the charge itself. A call that the gateway's own end cut
 * off is known by its terms alone: who had asked was in memory.
 */
import type { RequestId, RequestTerms } from "../../../engine/index.ts"
import { openAttempts, requestTermsOf } from "../../../engine/index.ts"
import type { LiveServices } from "../../directory/services.ts"

/** Who asked: the key, and the id that the answer bears. */
export interface Asker {
  readonly key: number
  readonly requestId: string
  /** Frees what is kept of the key's limit. */
  readonly free?: () => void
}

export interface Receipts {
  /** Before the kernel hears of the call. */
  readonly expect: (request: RequestId, asker: Asker) => void
  /** The call is over, whatever became of it. */
  readonly forget: (request: RequestId) => void
}

interface Expected {
  readonly asker: Asker | undefined
  readonly terms: RequestTerms | undefined
}

/**
 * Takes part in the driver's commands from here on: made once for a market. `charged` is told what calls
 * with a key cost.
 */
export const makeReceipts = (
  { driver, store }: Pick<LiveServices, "driver" | "store">,
  charged: (key: number, minor: number) => void = () => {},
): Receipts => {
  const expected = new Map<RequestId, Expected>()
  const noteTerms = (request: RequestId): void => {
    const terms = requestTermsOf(driver.market, request)
    if (terms !== undefined) expected.set(request, { asker: expected.get(request)?.asker, terms })
  }
  for (const { request } of openAttempts(driver.market)) noteTerms(request)

  driver.addTaker((command, at) => {
    if (command._tag === "Dispatch") return noteTerms(command.request)
    if (command._tag !== "Finish" && command._tag !== "Refuse") return
    const { request } = command
    const { asker, terms } = expected.get(request) ?? {}
    expected.delete(request)
    if (command._tag === "Finish" && asker !== undefined) charged(asker.key, command.charge)
    asker?.free?.()
    if (command._tag === "Refuse" || terms === undefined || command.charge === 0) return
    store.noteReceipt({
      ...terms,
      request,
      at,
      key: asker?.key ?? null,
      requestId: asker?.requestId ?? null,
      instance: command.instance,
      outputTokens: command.outputTokens,
      charge: command.charge,
      outcome: command.outcome,
    })
  })
  return {
    expect: (request, asker) => void expected.set(request, { asker, terms: undefined }),
    forget: (request) => {
      expected.get(request)?.asker?.free?.()
      expected.delete(request)
    },
  }
}
