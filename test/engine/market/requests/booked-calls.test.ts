/** Calls inside a booking: whose they are, where they go, how many at once, and that nobody else notices. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  accountView,
  bookingView,
  booksView,
  inFlightOf,
  instanceView,
} from "../../../../engine/index.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import type { Outcome } from "../../../../engine/protocol/event.ts"
import { outcomes } from "../../../../engine/protocol/event.ts"
import {
  begin,
  closedHoles,
  consumer,
  hour,
  listing,
  literal,
  openMachine,
  order,
  provider,
} from "../../../support/hours.ts"
import type { Fact, Trial } from "../../../support/market.ts"
import { commandsOf, rejectionOf } from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const model = 1
const instance = listing

const call = (request: number, booking?: number, account = consumer): Fact => ({
  _tag: "RequestArrived",
  request,
  account,
  model,
  inputTokens: 100,
  maxTokens: 1000,
  ...(booking === undefined ? {} : { booking }),
})

const end = (request: number, outcome: Outcome = "completed", outputTokens = 500): Fact => ({
  _tag: "AttemptEnded",
  request,
  attempt: 0,
  outcome,
  outputTokens,
  reportedTokens: outputTokens,
  decodeMicros: 1_000_000,
  retryAfterMicros: 0,
})

const refusalOf = (trial: Trial, fact: Fact) => commandsOf(trial.send(fact), "Refuse")[0]?.reason

describe("a call inside a booking", () => {
  it("costs nothing more, and goes to the machine that is booked", () => {
    const trial = openMachine()
    begin(trial, 1)
    const before = accountView(trial.market, consumer)
    expect(commandsOf(trial.send(call(1, 1)), "Dispatch")).toMatchObject([{ request: 1, instance }])
    expect(inFlightOf(trial.market, instance as never)).toBe(1)
    const [finish] = commandsOf(trial.send(end(1)), "Finish")
    expect(finish).toMatchObject({ outputTokens: 500, charge: 0, fee: 0, share: 0, bounty: 0 })
    expect(accountView(trial.market, consumer)).toEqual(before)
    expect(accountView(trial.market, provider)?.earned).toBe(0)
  })

  it("is its consumer's alone, while the hours run", () => {
    const trial = openMachine()
    order(trial, 1, { startAt: hour })
    expect(rejectionOf(trial.send(call(1, 1)))).toBe("WrongPhase")
    trial.wait(hour)
    expect(rejectionOf(trial.send(call(1, 1)))).toBe("WrongPhase")
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    expect(rejectionOf(trial.send(call(1, 1, provider)))).toBe("NotParty")
    expect(rejectionOf(trial.send(call(1, 2)))).toBe("UnknownBooking")
    expect(rejectionOf(trial.send(call(1, 1)))).toBeUndefined()
    expect(rejectionOf(trial.send(call(1, 1)))).toBe("DuplicateRequest")
    trial.wait(12 * hour)
    // It goes to its end, though the hours are over.
    expect(commandsOf(trial.send(end(1)), "Finish")).toMatchObject([{ charge: 0 }])
    expect(rejectionOf(trial.send(call(2, 1)))).toBe("UnknownBooking")
    auditMarket(trial.market)
  })

  it("is one of as many at once as there are booked jobs", () => {
    const trial = openMachine()
    begin(trial, 1, { jobs: 2 })
    expect([1, 2, 3].map((request) => refusalOf(trial, call(request, 1)))).toEqual([
      undefined,
      undefined,
      "NoCapacity",
    ])
    expect(bookingView(trial.market, 1 as never)?.inFlight).toBe(2)
    trial.send(end(1))
    expect(refusalOf(trial, call(4, 1))).toBeUndefined()
    // What is not booked is there for everybody, and no more.
    expect([5, 6, 7].map((request) => refusalOf(trial, call(request)))).toEqual([
      undefined,
      undefined,
      "NoCapacity",
    ])
  })

  it("is served by a machine that takes no calls of others now, and by none that is gone", () => {
    const trial = openMachine()
    begin(trial, 1, { jobs: 4 })
    trial.send({ _tag: "AvailabilityChanged", instance, isAvailable: false })
    expect(instanceView(trial.market, instance as never)?.reason).toBe("OffSchedule")
    expect(refusalOf(trial, call(1, 1))).toBeUndefined()
    trial.send({ _tag: "NodeLost", node: listing })
    expect(refusalOf(trial, call(2, 1))).toBe("NoInstance")
  })

  it("that fails is refused, and is not tried elsewhere", () => {
    const trial = openMachine(literal({ routing: { maxRetries: 3 } }))
    begin(trial, 1)
    trial.send(call(1, 1))
    expect(commandsOf(trial.send(end(1, "upstreamError", 0)), "Refuse")).toMatchObject([
      { reason: "AttemptFailed" },
    ])
    trial.send(call(2, 1))
    expect(commandsOf(trial.send(end(2, "consumerGone", 0)), "Finish")).toMatchObject([
      { charge: 0, outputTokens: 0 },
    ])
  })

  it("keeps its machine from leaving until it is over", () => {
    const trial = openMachine()
    begin(trial, 1)
    trial.send(call(1, 1))
    trial.send({ _tag: "InstanceStopped", instance })
    expect(instanceView(trial.market, instance as never)).toBeDefined()
    auditMarket(trial.market)
    expect(refusalOf(trial, call(2, 1))).toBe("NoInstance")
    trial.send(end(1))
    expect(instanceView(trial.market, instance as never)).toBeUndefined()
    auditMarket(trial.market)
  })
})

interface Deed {
  readonly kind: "booked" | "call" | "endBooked" | "end" | "wait" | "node" | "cut"
  readonly value: number
}
const anyLife = fc.array(
  fc.record({
    kind: fc.constantFrom<Deed["kind"]>(
      ...(["booked", "booked", "call", "endBooked", "end", "wait", "node", "cut"] as const),
    ),
    value: fc.nat(999),
  }),
  { maxLength: 60, size: "max" },
)

/** What anybody sees of a market, but for what its booked calls are: with them, or without. */
const live = (deeds: ReadonlyArray<Deed>, withBooked: boolean) => {
  const trial = openMachine(closedHoles({ routing: { capacity: "declared" } }))
  begin(trial, 1, { jobs: 2, hours: 24 })
  const open = { booked: [] as Array<number>, call: [] as Array<number> }
  let last = 0
  let isOnline = true
  for (const { kind, value } of deeds) {
    if (kind === "booked" || kind === "call") {
      last++
      if (kind === "booked" && !withBooked) continue
      const given = trial.send(call(last, kind === "booked" ? 1 : undefined))
      if (commandsOf(given, "Dispatch").length > 0) open[kind].push(last)
    } else if (kind === "endBooked" || kind === "end") {
      const request = open[kind === "end" ? "call" : "booked"].shift()
      if (request === undefined) continue
      trial.send(end(request, outcomes[value % outcomes.length], value % 3 === 0 ? value : 0))
    } else if (kind === "wait") trial.wait(value * 5_000_000)
    else if (kind === "node") {
      trial.send({ _tag: isOnline ? "NodeLost" : "NodeReturned", node: listing })
      isOnline = !isOnline
    } else trial.send({ _tag: "BookingEnded", booking: 1, by: consumer })
  }
  auditMarket(trial.market)
  return trial
}

const seen = ({ market }: Trial) => ({
  books: booksView(market),
  accounts: [consumer, provider].map((one) => accountView(market, one as never)),
  machine: instanceView(market, instance as never),
  booking: { ...bookingView(market, 1 as never), inFlight: 0 },
})

describe("whoever has no part in it", () => {
  it("cannot tell whether there were calls inside a booking", async () => {
    await assertProperty(
      fc.property(anyLife, (deeds) => {
        expect(seen(live(deeds, true))).toEqual(seen(live(deeds, false)))
      }),
      { share: 0.1 },
    )
  })
})
