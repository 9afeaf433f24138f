/**
 * What the platform does with its own key: lets credits in and out, prices models, judges. Every
 * change is noted in the audit log with the key that made it.
 */
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { Rejection } from "../../engine/index.ts"
import { bountyPoolOf } from "../../engine/index.ts"
import { runEffect } from "../http/run-effect.ts"
import { requireKey } from "../directory/authentication.ts"
import { badRequest, conflict, notFound, unknownCursor } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type { AccountRecord, KeyRecord, TransferRecord } from "../directory/records.ts"
import * as Answers from "./answers.ts"
import type { AuditLog } from "./audit-log.ts"
import { balanceView, ledgerAccount } from "../views/balance.ts"
import * as Bodies from "./bodies.ts"
import { creditsOf, pricesOf } from "../views/credits.ts"
import { NewKeyView, newKeyView, rotateKey } from "./keys.ts"
import type { UnixTime } from "../views/market-time.ts"
import { listModel, ModelUnlistable } from "./model-list.ts"
import { keepSignedIn } from "./session-routes.ts"
import { routeSchema } from "../http/route-schema.ts"
import { sendSecret } from "../http/secret-answer.ts"
import {
  orderTransfer,
  settleWithdrawal,
  TransferView,
  transferView,
  withdrawals,
} from "./transfers.ts"

const defaultContextTokens = 8192

export const adminRoutes = (
  app: FastifyInstance,
  services: LiveServices,
  audits: AuditLog,
  unixTime: UnixTime,
): void => {
  moneyRoutes(app, services, audits)
  withdrawalRoutes(app, services, audits)
  marketRoutes(app, services, audits)
  judgementRoutes(app, services, audits, unixTime)
}

const requireAdmin = (services: LiveServices, request: FastifyRequest): KeyRecord =>
  requireKey(services, request, "admin")

const requireAccount = (services: LiveServices, publicId: string): AccountRecord => {
  const account = services.directory.accountByPublicId(publicId)
  if (account === undefined) throw notFound(`account ${publicId}`)
  return account
}

/** The kernel refuses what the routes have not caught before: told as it is. */
const requireTaken = (rejection: Rejection | undefined): void => {
  if (rejection !== undefined) throw conflict("refused", `The market refused it: ${rejection}`)
}

const moneyRoutes = (app: FastifyInstance, services: LiveServices, audits: AuditLog): void => {
  const { driver } = services
  app.get<{ Params: Bodies.ById }>(
    "/admin/accounts/:id",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "Any account and its balance",
        keys: ["admin"],
        params: Bodies.ById,
        answers: { 200: Answers.AccountView },
        errors: [404],
      }),
    },
    async (request) => {
      requireAdmin(services, request)
      return Answers.accountView(services, requireAccount(services, request.params.id))
    },
  )
  app.post<{ Params: Bodies.ById; Body: Bodies.TopUp }>(
    "/admin/accounts/:id/top-up",
    {
      schema: routeSchema({
        tag: "Admin",
        summary:
          "Credit an account with what it paid for; the same transfer_id moves nothing twice",
        keys: ["admin"],
        params: Bodies.ById,
        body: Bodies.TopUp,
        answers: { 200: Answers.TopUpAnswer, 201: Answers.TopUpAnswer },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const admin = requireAdmin(services, request)
      const account = requireAccount(services, request.params.id)
      const { transfer_id, amount, memo } = request.body
      const { record, isNew } = orderTransfer(services, {
        kind: "purchase",
        account: account.id,
        name: transfer_id,
        amount,
        ...(memo === undefined ? {} : { memo }),
      })
      if (isNew) audits.note("ToppedUp", admin.publicId, account.id, record.amount)
      const view = {
        transfer: transferView(services, record),
        balance: balanceView(driver.market, account.id),
      }
      await driver.durable()
      return reply.status(isNew ? 201 : 200).send(view)
    },
  )
  app.post<{ Body: Bodies.TopUp }>(
    "/admin/pool",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "Add to the bounty pool, beside its part of the fees",
        keys: ["admin"],
        body: Bodies.TopUp,
        answers: { 200: Answers.PoolAnswer, 201: Answers.PoolAnswer },
        errors: [409],
      }),
    },
    async (request, reply) => {
      const admin = requireAdmin(services, request)
      const { transfer_id, amount, memo } = request.body
      const { record, isNew } = orderTransfer(services, {
        kind: "funding",
        name: transfer_id,
        amount,
        ...(memo === undefined ? {} : { memo }),
      })
      if (isNew) audits.note("PoolFunded", admin.publicId, undefined, record.amount)
      const { market } = driver
      const pool = creditsOf(market, bountyPoolOf(market))
      await driver.durable()
      return reply
        .status(isNew ? 201 : 200)
        .send({ transfer: transferView(services, record), pool })
    },
  )
}

const withdrawalRoutes = (app: FastifyInstance, services: LiveServices, audits: AuditLog): void => {
  app.get<{ Querystring: Bodies.WithdrawalQuery }>(
    "/admin/withdrawals",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "Withdrawals of all accounts, the newest first",
        keys: ["admin"],
        query: Bodies.WithdrawalQuery,
        answers: { 200: Answers.TransferList },
      }),
    },
    async (request) => {
      requireAdmin(services, request)
      const { state, limit } = request.query
      const wanted = state === undefined ? {} : { state }
      const found = withdrawals(services, wanted, Bodies.pageLimit.read(limit))
      return { data: found.map((record) => transferView(services, record)) }
    },
  )
  const settle = (
    path: string,
    state: Exclude<TransferRecord["state"], "pending">,
    summary: string,
  ): void => {
    app.post<{ Params: Bodies.ById }>(
      path,
      {
        schema: routeSchema({
          tag: "Admin",
          summary,
          keys: ["admin"],
          params: Bodies.ById,
          answers: { 200: TransferView },
          errors: [404, 409],
        }),
      },
      async (request) => {
        const admin = requireAdmin(services, request)
        const known = services.directory.transferByPublicId(request.params.id)
        if (known?.kind !== "withdrawal") throw notFound(`withdrawal ${request.params.id}`)
        const { record, isNew } = settleWithdrawal(services, known, state)
        const finding = state === "posted" ? "WithdrawalPosted" : "WithdrawalVoided"
        if (isNew) audits.note(finding, admin.publicId, record.account, record.amount)
        await services.driver.durable()
        return transferView(services, record)
      },
    )
  }
  settle("/admin/withdrawals/:id/post", "posted", "The withdrawal was paid out: its credits leave")
  settle(
    "/admin/withdrawals/:id/void",
    "voided",
    "The withdrawal is declined: its credits are free",
  )
}

const marketRoutes = (app: FastifyInstance, services: LiveServices, audits: AuditLog): void => {
  app.post<{ Body: Bodies.ModelListing }>(
    "/admin/models",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "List a model, or change its price for later calls",
        keys: ["admin"],
        body: Bodies.ModelListing,
        answers: { 200: Answers.ModelAnswer },
      }),
    },
    async (request) => {
      const admin = requireAdmin(services, request)
      const { model: name, kind, context_tokens, developer_role, ...prices } = request.body
      const known = services.directory.modelByName(name)
      const developerRole = developer_role ?? known?.developerRole
      const accuracy = prices.accuracy ?? (known?.accuracyBps ?? 0) / 10_000
      try {
        const { record, isChanged } = listModel(services, {
          name,
          kind: kind ?? known?.kind ?? "text",
          contextTokens: context_tokens ?? known?.contextTokens ?? defaultContextTokens,
          inputPricePerToken: prices.input_price_per_token,
          outputPricePerToken: prices.output_price_per_token,
          accuracy,
          ...(developerRole === undefined ? {} : { developerRole }),
        })
        if (isChanged) audits.note("ModelListed", admin.publicId, undefined, record.id)
        await services.driver.durable()
        return {
          model: record.name,
          kind: record.kind,
          context_tokens: record.contextTokens,
          ...pricesOf(services.driver.market, record),
          accuracy: record.accuracyBps === undefined ? null : record.accuracyBps / 10_000,
        }
      } catch (error) {
        throw error instanceof ModelUnlistable ? badRequest(error.message) : error
      }
    },
  )
}

const judgementRoutes = (
  app: FastifyInstance,
  services: LiveServices,
  audits: AuditLog,
  unixTime: UnixTime,
): void => {
  const { driver } = services
  app.post<{ Body: Bodies.AccountLink }>(
    "/admin/accounts/link",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "Two accounts are one party's: their traffic with each other is own traffic",
        keys: ["admin"],
        body: Bodies.AccountLink,
        answers: { 200: Answers.LinkAnswer },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const admin = requireAdmin(services, request)
      const account = requireAccount(services, request.body.account_id)
      const other = requireAccount(services, request.body.other_account_id)
      requireTaken(driver.submit({ _tag: "AccountsLinked", account: account.id, other: other.id }))
      audits.note("AccountsLinked", admin.publicId, account.id, other.id)
      await driver.durable()
      return { account_id: account.publicId, other_account_id: other.publicId }
    },
  )
  app.post<{ Params: Bodies.ById }>(
    "/admin/fraud/:id",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "The account's fraud is confirmed: its unvested bounty goes back to the pool",
        keys: ["admin"],
        params: Bodies.ById,
        answers: { 200: Answers.FraudAnswer },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const admin = requireAdmin(services, request)
      const account = requireAccount(services, request.params.id)
      const { market } = driver
      const { vesting } = ledgerAccount(market, account.id)
      requireTaken(driver.submit({ _tag: "FraudConfirmed", account: account.id }))
      audits.note("FraudConfirmed", admin.publicId, account.id, vesting)
      const balance = balanceView(market, account.id)
      await driver.durable()
      return { account_id: account.publicId, clawed_back: creditsOf(market, vesting), balance }
    },
  )
  app.get<{ Querystring: Bodies.PageQuery }>(
    "/admin/audit",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "The market's findings and the admins' changes, the newest first",
        keys: ["admin"],
        query: Bodies.PageQuery,
        answers: { 200: Answers.AuditPage },
      }),
    },
    async (request) => {
      requireAdmin(services, request)
      const { limit, cursor } = request.query
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw unknownCursor()
      const count = Bodies.pageLimit.read(limit)
      const beforeId = cursor === undefined ? undefined : Number(cursor)
      const found = await runEffect(audits.read(unixTime, count + 1, beforeId))
      const shown = found.slice(0, count)
      const last = shown.at(-1)
      return {
        data: shown,
        next_cursor: found.length > count && last !== undefined ? String(last.id) : null,
      }
    },
  )
  app.post<{ Body: Bodies.Rotation }>(
    "/admin/keys/rotate",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "An admin key in the place of the one that is sent, which stays for the overlap",
        keys: ["admin"],
        body: Bodies.Rotation,
        answers: { 201: NewKeyView },
      }),
    },
    async (request, reply) => {
      const admin = requireAdmin(services, request)
      const overlapSeconds = request.body.overlap_seconds ?? Bodies.defaultOverlapSeconds
      const made = rotateKey(services, admin, overlapSeconds)
      keepSignedIn(services, request, admin, made.record)
      audits.note("AdminKeyRotated", admin.publicId, undefined, undefined)
      await driver.durable()
      return sendSecret(reply, 201, newKeyView(services, made))
    },
  )
}
