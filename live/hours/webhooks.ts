/**
 * Webhooks: an account's feed of bookings, sent to an address of its own, one message after the other. How
 * far each has come is kept, so that an end of the gateway loses nothing and every message comes at least
 * once. Whatever answers with 2xx has taken it; otherwise it is sent again, more and more slowly, and after
 * some days the webhook is ended.
 *
 * Messages are signed as Standard Webhooks has it (webhook-id, webhook-timestamp, webhook-signature). The
 * address is guarded as hosts' endpoints are: no private network that the configuration does not allow, when
 * it is given and at every connection, and no redirect is followed.
 */
import { Redacted } from "effect"
import { createHmac, randomBytes, randomInt } from "node:crypto"
import { request } from "undici"
import { causeText } from "../../platform/cause.ts"
import type { WebhookRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Vault } from "../hosts/credentials/vault.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import { guardedAgent, leaveUnread } from "../hosts/guarded-agent.ts"
import { refusedAddress } from "../hosts/refused-address.ts"
import { conflict, notFound } from "../http/http-error.ts"
import { runEffect } from "../http/run-effect.ts"
import { newPublicId } from "../http/secrets.ts"
import type { WebhookView } from "../protocol/hours-protocol.ts"
import { eventsOf } from "./events.ts"
import type { History } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"

export interface WebhookParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly history: History
  readonly guard: NetworkGuard
  readonly vault: Vault
}

export interface Webhooks {
  /** Gives the secret, which is shown this once. */
  readonly add: (
    account: number,
    url: string,
  ) => Promise<{ readonly webhook: WebhookRecord; readonly secret: string }>
  readonly of: (account: number) => ReadonlyArray<WebhookRecord>
  /** Throws 404 where the account has none of that id. */
  readonly remove: (account: number, publicId: string) => WebhookRecord
  readonly view: (webhook: WebhookRecord) => WebhookView
  readonly close: () => Promise<void>
}

const mostWebhooks = 20
const mostAtOnce = 50
const millisPerDay = 86_400_000
const firstWaitMillis = 5000
const longestWaitMillis = 3_600_000
const mostAnswerBytes = 65_536
const longestError = 200

/** Doubles, with a tenth of chance, so that many that fail together do not come back together. */
export const waitAfter = (failures: number, chance: number): number =>
  Math.min(longestWaitMillis, firstWaitMillis * 2 ** Math.min(failures - 1, 20)) * (1 + chance / 10)

/** `v1,…` over id, time and body, by Standard Webhooks. */
const signatureOf = (secret: string, id: string, timestamp: number, body: string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64")
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`
}

const secretPrefix = "whsec_"

export const makeWebhooks = (parts: WebhookParts): Webhooks => {
  const { services, calendar, history, guard, vault } = parts
  const { config, directory, driver, nowMillis, store } = services
  const timeoutMillis = config.hours.webhookTimeoutSeconds * 1000
  const agent = guardedAgent(guard, timeoutMillis, mostAnswerBytes)
  const sending = new Map<number, Promise<void>>()
  const failures = new Map<number, number>()
  const timers = new Map<number, NodeJS.Timeout>()
  let isClosed = false

  const hasEnded = ({ failingSinceMillis }: WebhookRecord): boolean =>
    failingSinceMillis !== undefined &&
    nowMillis() - failingSinceMillis > config.hours.webhookDays * millisPerDay
  const isLive = (webhook: WebhookRecord | undefined): webhook is WebhookRecord =>
    webhook !== undefined && webhook.removedAtMillis === undefined && !hasEnded(webhook)

  const post = async (webhook: WebhookRecord, id: string, body: string): Promise<void> => {
    const timestamp = Math.floor(nowMillis() / 1000)
    const secret = Redacted.value(vault.open(webhook.sealedSecret, webhook.publicId))
    const answer = await request(webhook.url, {
      method: "POST",
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMillis),
      headers: {
        "content-type": "application/json",
        "user-agent": "evenkeel-webhooks",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signatureOf(secret, id, timestamp, body),
      },
      body,
    })
    leaveUnread(answer.body)
    if (answer.statusCode < 200 || answer.statusCode >= 300)
      throw new Error(`it answered with status ${answer.statusCode}`)
  }

  const sent = (id: number, cursor: number): void => {
    const webhook = directory.webhooks.get(id)
    if (webhook === undefined) return
    const { failingSinceMillis: _since, lastError: _error, ...rest } = webhook
    directory.webhooks.put({ ...rest, cursor })
    failures.delete(id)
  }
  const failed = (id: number, error: unknown): void => {
    const webhook = directory.webhooks.get(id)
    if (webhook === undefined) return
    const count = (failures.get(id) ?? 0) + 1
    failures.set(id, count)
    directory.webhooks.put({
      ...webhook,
      failingSinceMillis: webhook.failingSinceMillis ?? nowMillis(),
      lastError: causeText(error).slice(0, longestError),
    })
    if (isClosed) return
    const timer = setTimeout(
      () => {
        timers.delete(id)
        poke(id)
      },
      waitAfter(count, randomInt(1000) / 1000),
    )
    timer.unref()
    timers.set(id, timer)
  }

  /** Everything that it has not been told, until there is nothing more or it takes nothing. */
  const pump = async (id: number): Promise<void> => {
    for (;;) {
      const webhook = directory.webhooks.get(id)
      if (isClosed || !isLive(webhook)) return
      const { account, cursor, publicId } = webhook
      const events = await runEffect(eventsOf(services, calendar, account, cursor, mostAtOnce))
      if (events.length === 0) return
      for (const event of events) {
        if (isClosed || !isLive(directory.webhooks.get(id))) return
        try {
          await post(webhook, `${publicId}_${event.id}`, JSON.stringify(event))
        } catch (error) {
          return failed(id, error)
        }
        sent(id, Number(event.id))
      }
    }
  }
  const again = new Set<number>()
  /** Two messages of one webhook are never under way together. */
  const poke = (id: number): void => {
    if (isClosed || timers.has(id)) return
    if (sending.has(id)) return void again.add(id)
    const run = pump(id)
      // A store that cannot be read ends the gateway; a webhook is not what says so.
      .catch(() => {})
      .finally(() => {
        sending.delete(id)
        if (again.delete(id)) poke(id)
      })
    sending.set(id, run)
  }

  const accounts = directory.webhooks.groupBy(({ account }) => account)
  const of = (account: number): ReadonlyArray<WebhookRecord> =>
    accounts(account).flatMap((id) => {
      const webhook = directory.webhooks.get(id)
      return webhook === undefined || webhook.removedAtMillis !== undefined ? [] : webhook
    })
  history.onStep(({ account, provider }) => {
    for (const party of new Set([account, provider]))
      for (const { id } of of(party)) queueMicrotask(() => poke(id))
  })
  for (const webhook of directory.webhooks.all()) if (isLive(webhook)) poke(webhook.id)

  return {
    add: async (account, url) => {
      try {
        await guard.check(url)
      } catch (error) {
        throw refusedAddress(error, "url", "The address")
      }
      if (of(account).length >= mostWebhooks)
        throw conflict("too_many_webhooks", `An account has at most ${mostWebhooks} webhooks`)
      await driver.durable()
      const cursor = await runEffect(store.lastBookingStep)
      const secret = secretPrefix + randomBytes(32).toString("base64")
      const publicId = newPublicId("wh")
      const webhook: WebhookRecord = {
        id: directory.webhooks.nextId(),
        publicId,
        account,
        url,
        sealedSecret: vault.seal(secret, publicId),
        cursor,
        createdAtMillis: nowMillis(),
      }
      directory.webhooks.put(webhook)
      return { webhook, secret }
    },
    of,
    remove: (account, publicId) => {
      const webhook = of(account).find((one) => one.publicId === publicId)
      if (webhook === undefined) throw notFound(`webhook ${publicId.slice(0, 100)} of yours`)
      directory.webhooks.put({ ...webhook, removedAtMillis: nowMillis() })
      clearTimeout(timers.get(webhook.id))
      timers.delete(webhook.id)
      return webhook
    },
    view: (webhook) => ({
      webhook_id: webhook.publicId,
      url: webhook.url,
      state: hasEnded(webhook)
        ? "ended"
        : webhook.failingSinceMillis === undefined
          ? "working"
          : "failing",
      last_error: webhook.lastError ?? null,
      created_at: new Date(webhook.createdAtMillis).toISOString(),
    }),
    close: async () => {
      isClosed = true
      for (const timer of timers.values()) clearTimeout(timer)
      await agent.destroy()
      await Promise.all(sending.values())
    },
  }
}
