/** A way to hosts that a test plays itself: it keeps each delivery, to be answered step by step. */
import type {
  Courier,
  Couriers,
  DeliveryEnd,
  DeliverySink,
  Job,
} from "../../../../live/protocol/delivery.ts"

export interface FakeDelivery {
  readonly job: Job
  readonly sink: DeliverySink
  isCancelled: boolean
  isPaused: boolean
  /** A chunk with this text. */
  readonly say: (text: string) => void
  /** The last chunk with its finish reason, the usage where it is given, and the end. */
  readonly finish: (reportedTokens?: number) => void
  readonly fail: (outcome: DeliveryEnd["outcome"], more?: Partial<DeliveryEnd>) => void
}

export interface FakeCourier extends Courier {
  readonly deliveries: Array<FakeDelivery>
  /** The latest. */
  readonly last: () => FakeDelivery
  readonly couriers: Couriers
}

export const fakeCourier = (): FakeCourier => {
  const deliveries: Array<FakeDelivery> = []
  const deliver: Courier["deliver"] = (job, sink) => {
    const choice = (text: string) =>
      job.kind === "chat" ? { index: 0, delta: { content: text } } : { index: 0, text }
    const delivery: FakeDelivery = {
      job,
      sink,
      isCancelled: false,
      isPaused: false,
      say: (text) => sink.chunk({ choices: [choice(text)] }),
      finish: (reportedTokens) => {
        sink.chunk({ choices: [{ ...choice(""), finish_reason: "stop" }] })
        if (reportedTokens !== undefined)
          sink.chunk({ choices: [], usage: { completion_tokens: reportedTokens } })
        sink.end({ outcome: "completed" })
      },
      fail: (outcome, more = {}) => sink.end({ outcome, ...more }),
    }
    deliveries.push(delivery)
    return {
      cancel: () => {
        delivery.isCancelled = true
      },
      pause: () => {
        delivery.isPaused = true
      },
      resume: () => {
        delivery.isPaused = false
      },
    }
  }
  const courier = { deliver }
  return {
    deliver,
    deliveries,
    last: () => deliveries.at(-1)!,
    couriers: { pull: courier, push: courier },
  }
}
