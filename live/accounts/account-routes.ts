/**
 * What an account's owner can do: open it, look at it, make and end keys, withdraw what it earned.
 * Whoever calls sees the account of the key that they send, and no other. What is acknowledged is on
 * disk.
 */
import type { AccountId } from "../../engine/index.ts"
import { Effect } from "effect"
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from "fastify"
import { randomUUID } from "node:crypto"
import { runEffect } from "../http/run-effect.ts"
import { requireKey } from "../directory/authentication.ts"
import { partyOf } from "../http/client-address.ts"
import { HttpError, unknownCursor } from "../http/http-error.ts"
import { isInMarket, statusOf } from "../directory/host-state.ts"
import { instanceStatuses } from "../views/instance-status.ts"
import type { LiveServices } from "../directory/services.ts"
import type { AccountRecord, KeyRecord } from "../directory/records.ts"
import { adminRoutes } from "./admin-routes.ts"
import * as Answers from "./answers.ts"
import { makeAuditLog } from "./audit-log.ts"
import * as Bodies from "./bodies.ts"
import { earningsByHour, earningsHours, EarningsQuery } from "../views/earnings.ts"
import {
  changeKey,
  keysOf,
  KeyView,
  makeFurtherKey,
  NewKeyView,
  newKeyView,
  readKeyView,
  requireOwnKey,
  revokeKey,
  rotateKey,
} from "./keys.ts"
import type { UnixTime } from "../views/market-time.ts"
import { readMarketTime, secondsOf } from "../views/market-time.ts"
import { routeSchema } from "../http/route-schema.ts"
import { sendSecret } from "../http/secret-answer.ts"
import { makeSignUpLimit } from "./sign-up-limit.ts"
import { openAccount } from "./sign-up.ts"
import { payDays, PayQuery, PayView, payView } from "./pay.ts"
import { recoverAccount, renewRecoveryCode } from "./recovery.ts"
import { keepSignedIn, sessionRoutes } from "./session-routes.ts"
import { parseCursor, StatementPage, statementPage } from "./statement.ts"
import { usageRoutes } from "./usage-routes.ts"
import { minorOfText, orderTransfer, TransferView, transferView, withdrawals } from "./transfers.ts"

/** The routes of accounts, and those of the admin below `/admin`. */
export const accountRoutes =
  (services: LiveServices): FastifyPluginAsync =>
  async (app) => {
    const unixTime = await runEffect(readMarketTime(services))
    const audits = makeAuditLog(services)
    signUpRoute(app, services)
    accountViews(app, services, unixTime)
    payRoute(app, services, unixTime)
    usageRoutes(app, services, unixTime, (request) => callerOf(services, request).account)
    sessionRoutes(app, services)
    recoveryRoutes(app, services)
    keyRoutes(app, services)
    withdrawalRoutes(app, services)
    adminRoutes(app, services, audits, unixTime)
  }

interface Caller {
  readonly key: KeyRecord
  readonly account: AccountRecord
}

/** Whose key a request carries. Throws 401 or 403. */
const callerOf = (services: LiveServices, request: FastifyRequest): Caller => {
  const key = requireKey(services, request, "account")
  const account =
    key.account === undefined ? undefined : services.directory.accounts.get(key.account)
  if (account === undefined) throw new Error(`accounts: key ${key.publicId} belongs to nobody`)
  return { key, account }
}

const signUpRoute = (app: FastifyInstance, services: LiveServices): void => {
  const { config, driver, nowMillis } = services
  const limit = makeSignUpLimit(config.accounts.signUpsPerHour)
  app.post<{ Body: Bodies.SignUp }>(
    "/accounts",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Open an account: with its gift, and its first key, which is shown this once",
        body: Bodies.SignUp,
        answers: { 201: Answers.NewAccountView },
        errors: [403],
      }),
    },
    async (request, reply) => {
      if (!config.accounts.isSignUpOpen)
        throw new HttpError({
          status: 403,
          type: "permission_error",
          code: "sign_up_closed",
          message: "This market opens no accounts by itself: ask who runs it",
        })
      const waitSeconds = limit.take(request.ip, nowMillis())
      if (waitSeconds > 0)
        throw new HttpError({
          status: 429,
          type: "rate_limit_error",
          code: "too_many_sign_ups",
          message: `At most ${config.accounts.signUpsPerHour} accounts an hour from one address; try again in ${waitSeconds} s`,
          retryAfterSeconds: waitSeconds,
        })
      const { account, key } = openAccount(services, request.body.name.trim())
      const recoveryCode = renewRecoveryCode(services, account)
      const view = Answers.accountView(services, account)
      await driver.durable()
      return sendSecret(reply, 201, {
        ...view,
        api_key: key.secret,
        recovery_code: recoveryCode,
      })
    },
  )
}

const recoveriesPerMinute = 20

const recoveryRoutes = (app: FastifyInstance, services: LiveServices): void => {
  const { driver } = services
  app.post<{ Body: Bodies.Recovery }>(
    "/accounts/recover",
    {
      config: {
        rateLimit: {
          max: recoveriesPerMinute,
          timeWindow: 60_000,
          keyGenerator: ({ ip }: FastifyRequest) => partyOf(ip),
        },
      },
      schema: routeSchema({
        tag: "Accounts",
        summary:
          "By its recovery code: a new key and a new code for an account, both shown this once; all keys before it end",
        body: Bodies.Recovery,
        answers: { 201: Answers.NewAccountView },
        errors: [401],
      }),
    },
    async (request, reply) => {
      const { account, key, recoveryCode } = recoverAccount(services, request.body.recovery_code)
      const view = Answers.accountView(services, account)
      await driver.durable()
      return sendSecret(reply, 201, {
        ...view,
        api_key: key.secret,
        recovery_code: recoveryCode,
      })
    },
  )
  app.post(
    "/account/recovery-code",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "A new recovery code of the account, shown this once; the one before it ends",
        keys: ["account"],
        answers: { 201: Answers.RecoveryCodeView },
      }),
    },
    async (request, reply) => {
      const code = renewRecoveryCode(services, callerOf(services, request).account)
      await driver.durable()
      return sendSecret(reply, 201, { recovery_code: code })
    },
  )
}

const accountViews = (app: FastifyInstance, services: LiveServices, unixTime: UnixTime): void => {
  app.get(
    "/account",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "The account of the key, and its balance by lots",
        keys: ["account"],
        answers: { 200: Answers.AccountView },
      }),
    },
    async (request) => Answers.accountView(services, callerOf(services, request).account),
  )
  app.get<{ Querystring: Bodies.PageQuery }>(
    "/account/statement",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Every line of the account, the newest first, with the balance after it",
        keys: ["account"],
        query: Bodies.PageQuery,
        answers: { 200: StatementPage },
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const { limit, cursor } = request.query
      const place = cursor === undefined ? undefined : parseCursor(cursor)
      if (cursor !== undefined && place === undefined) throw unknownCursor()
      return runEffect(
        statementPage(services, unixTime, account.id, Bodies.pageLimit.read(limit), place),
      )
    },
  )
  app.get(
    "/account/hosts",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "The account's hosts, and how they stand",
        keys: ["account"],
        answers: { 200: Answers.HostList },
      }),
    },
    async (request) => ({ data: hostsOf(services, callerOf(services, request).account.id) }),
  )
  app.get<{ Querystring: EarningsQuery }>(
    "/account/earnings",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "What the account's hosts earned, by hour",
        keys: ["account"],
        query: EarningsQuery,
        answers: { 200: Answers.EarningsList },
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const hours = earningsHours.read(request.query.hours)
      return { data: await runEffect(earningsByHour(services, unixTime, account.id, hours)) }
    },
  )
}

const payRoute = (app: FastifyInstance, services: LiveServices, unixTime: UnixTime): void => {
  app.get<{ Querystring: PayQuery }>(
    "/account/pay",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary:
          "What the account's hosts were paid, by day and by host, what was taken off, and what to expect",
        keys: ["account"],
        query: PayQuery,
        answers: { 200: PayView },
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      return runEffect(payView(services, unixTime, account.id, payDays.read(request.query.days)))
    },
  )
}

/** The account's hosts, and how each of their instances stands. */
const hostsOf = ({ driver, directory, uploads }: LiveServices, account: AccountId) => {
  const statuses = instanceStatuses({ driver, directory, uploads })
  return [...directory.hosts.all()].flatMap((host) => {
    if (host.account !== account || !isInMarket(driver.market, host.id)) return []
    return {
      host_id: host.publicId,
      name: host.name,
      delivery: host.delivery,
      status: statusOf({ driver, directory }, host),
      created_at: secondsOf(host.createdAtMillis),
      models: statuses.filter(({ host_id }) => host_id === host.publicId),
    }
  })
}

const keyRoutes = (app: FastifyInstance, services: LiveServices): void => {
  const { driver } = services
  app.get(
    "/account/keys",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "The account's keys: their beginnings and ends, never a secret",
        keys: ["account"],
        answers: { 200: Answers.KeyList },
      }),
    },
    async (request) => {
      const { key } = callerOf(services, request)
      return {
        data: await runEffect(
          Effect.forEach(keysOf(services, key), (one) => readKeyView(services, one)),
        ),
      }
    },
  )
  app.post<{ Body: Bodies.KeyWish }>(
    "/account/keys",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Make a key; its secret is shown this once",
        keys: ["account"],
        body: Bodies.KeyWish,
        answers: { 201: NewKeyView },
        errors: [409],
      }),
    },
    async (request, reply) => {
      const { key } = callerOf(services, request)
      const { name = "key", expires_in_seconds, spend_limit } = request.body
      const made = makeFurtherKey(services, key, name.trim(), {
        lifetimeSeconds: expires_in_seconds,
        limitMinor: limitOf(services, spend_limit),
      })
      await driver.durable()
      return sendSecret(reply, 201, newKeyView(services, made))
    },
  )
  app.post<{ Params: Bodies.ById; Body: Bodies.KeyChange }>(
    "/account/keys/:id",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Give a key another name, end or spending limit, which counts from now on",
        keys: ["account"],
        params: Bodies.ById,
        body: Bodies.KeyChange,
        answers: { 200: KeyView },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { key } = callerOf(services, request)
      const { name, expires_in_seconds, spend_limit } = request.body
      const changed = changeKey(services, requireOwnKey(services, key, request.params.id), {
        name: name?.trim(),
        lifetimeSeconds: expires_in_seconds,
        limitMinor: limitOf(services, spend_limit),
      })
      await driver.durable()
      return runEffect(readKeyView(services, changed))
    },
  )
  app.delete<{ Params: Bodies.ById }>(
    "/account/keys/:id",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "End a key at once",
        keys: ["account"],
        params: Bodies.ById,
        answers: { 200: KeyView },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { key } = callerOf(services, request)
      const revoked = revokeKey(services, requireOwnKey(services, key, request.params.id))
      await driver.durable()
      return runEffect(readKeyView(services, revoked))
    },
  )
  app.post<{ Params: Bodies.ById; Body: Bodies.Rotation }>(
    "/account/keys/:id/rotate",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Make a key in the place of another, which stays valid for the overlap",
        keys: ["account"],
        params: Bodies.ById,
        body: Bodies.Rotation,
        answers: { 201: NewKeyView },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const { key } = callerOf(services, request)
      const old = requireOwnKey(services, key, request.params.id)
      const overlapSeconds = request.body.overlap_seconds ?? Bodies.defaultOverlapSeconds
      const made = rotateKey(services, old, overlapSeconds)
      keepSignedIn(services, request, old, made.record)
      await driver.durable()
      return sendSecret(reply, 201, newKeyView(services, made))
    },
  )
}

const limitOf = (
  services: LiveServices,
  given: string | null | undefined,
): number | null | undefined =>
  typeof given === "string" ? minorOfText(services, given, "spend_limit") : given

const withdrawalRoutes = (app: FastifyInstance, services: LiveServices): void => {
  app.post<{ Body: Bodies.WithdrawalWish }>(
    "/account/withdrawals",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary:
          "Ask for earned credits: they are held until the platform pays them out or declines",
        keys: ["account"],
        body: Bodies.WithdrawalWish,
        answers: { 200: TransferView, 201: TransferView },
        errors: [402, 409],
      }),
    },
    async (request, reply) => {
      const { account } = callerOf(services, request)
      const { amount, transfer_id = randomUUID(), memo } = request.body
      const { record, isNew } = orderTransfer(services, {
        kind: "withdrawal",
        account: account.id,
        name: transfer_id,
        amount,
        ...(memo === undefined ? {} : { memo }),
      })
      await services.driver.durable()
      return reply.status(isNew ? 201 : 200).send(transferView(services, record))
    },
  )
  app.get<{ Querystring: Bodies.WithdrawalQuery }>(
    "/account/withdrawals",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "The account's withdrawals, the newest first",
        keys: ["account"],
        query: Bodies.WithdrawalQuery,
        answers: { 200: Answers.TransferList },
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const { state, limit } = request.query
      const wanted = { account: account.id, ...(state === undefined ? {} : { state }) }
      const found = withdrawals(services, wanted, Bodies.pageLimit.read(limit))
      return { data: found.map((record) => transferView(services, record)) }
    },
  )
}
