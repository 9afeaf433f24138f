/**
 * Hours of machines beside calls of models: what the gateway adds to the kernel's rules of them. Made once,
 * before the market takes requests.
 *
 *     routes ─► offers ─► bookings, machines ─► history ─► the market
 *                webhooks, probes ──┘
 */
import { Effect } from "effect"
import type { LiveServices } from "../directory/services.ts"
import type { Vault } from "../hosts/credentials/vault.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import type { Registry } from "../hosts/registry/registry.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { HostHours } from "../hosts/host-hours.ts"
import type { Alerts } from "./alerts.ts"
import { makeAlerts } from "./alerts.ts"
import type { Bookings } from "./bookings.ts"
import { makeBookings } from "./bookings.ts"
import { startDeliveryProber } from "./delivery-prober.ts"
import type { Delivery } from "./delivery.ts"
import { makeDelivery } from "./delivery.ts"
import type { Gpus } from "./gpus.ts"
import { makeGpus } from "./gpus.ts"
import type { Offers } from "./offers.ts"
import { makeOffers } from "./offers.ts"
import type { History } from "./history.ts"
import { keepHistory } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { readMarketCalendar } from "./market-calendar.ts"
import type { Regions } from "./regions.ts"
import { keepRegions } from "./regions.ts"
import { keepSchedules } from "./schedules.ts"
import type { Webhooks } from "./webhooks.ts"
import { makeWebhooks } from "./webhooks.ts"

export interface HoursOptions {
  readonly services: LiveServices
  readonly guard: NetworkGuard
  readonly vault: Vault
  readonly registry: Registry
  /** The latest journal entry that was there when the market was opened. */
  readonly lastSeq: number
}

export interface Hours {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly regions: Regions
  readonly gpus: Gpus
  readonly history: History
  readonly bookings: Bookings
  readonly offers: Offers
  readonly delivery: Delivery
  readonly webhooks: Webhooks
  readonly alerts: Alerts
  /** What hosts are told with each heartbeat. */
  readonly hostHours: HostHours
  readonly close: () => Promise<void>
}

export const makeHours = ({
  services,
  guard,
  vault,
  registry,
  lastSeq,
}: HoursOptions): Effect.Effect<Hours, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const history = yield* keepHistory(services, lastSeq)
    const calendar = yield* readMarketCalendar(services)
    const regions = keepRegions(services, calendar)
    const schedules = keepSchedules(services, calendar)
    const gpus = makeGpus({ services, calendar, regions, schedules, registry })
    const delivery = makeDelivery({ services, calendar, history, vault, guard })
    const bookings = makeBookings({ services, calendar, gpus, history, vault })
    const offers = yield* makeOffers({ services, calendar, history, bookings, lastSeq })
    const webhooks = makeWebhooks({ services, calendar, history, guard, vault })
    const alerts = makeAlerts({ services, calendar, gpus, history })
    const prober = startDeliveryProber(services, history, guard)
    return {
      services,
      calendar,
      regions,
      gpus,
      history,
      bookings,
      offers,
      delivery,
      webhooks,
      alerts,
      hostHours: (host, report) => {
        alerts.hear(host, report)
        return { ...delivery.hostHours(host, report), monitoring: alerts.askedOf(host) }
      },
      close: async () => {
        regions.close()
        await Promise.all([prober.close(), webhooks.close()])
      },
    }
  })
