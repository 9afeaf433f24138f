/** The demonstration's view of its own gateway: HTTP and nothing else, as any operator or consumer. */
import type { AccountView } from "../accounts/answers.ts"
import type { StatementPage } from "../accounts/statement.ts"
import type { StatementLine } from "./member.ts"
import type { Member } from "./member.ts"
import type { InstanceStatus } from "../views/instance-status.ts"

export type Account = AccountView & { readonly api_key: string }

const longestPage = 200

export interface Platform {
  readonly signUp: (name: string) => Promise<Account>
  readonly topUp: (accountId: string, credits: string) => Promise<void>
  readonly account: (key: string) => Promise<AccountView>
  /** Every line, the oldest first. */
  readonly statement: (key: string) => Promise<ReadonlyArray<StatementLine>>
  /** Any route, as whoever's key is given. */
  readonly ask: <T>(path: string, key?: string, body?: object) => Promise<T>
  /** Rules on a dispute, as the platform. */
  readonly rule: (bookingId: string, consumerShare: number) => Promise<void>
  readonly instances: () => Promise<ReadonlyArray<InstanceStatus>>
}

export const platformAt = (url: string, adminKey: string): Platform => {
  const ask = async <T>(path: string, key?: string, body?: object): Promise<T> => {
    const response = await fetch(url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    ask,
    signUp: (name) => ask<Account>("/accounts", undefined, { name }),
    topUp: async (accountId, amount) => {
      const transfer = { transfer_id: `demo-${accountId}`, amount }
      await ask(`/admin/accounts/${accountId}/top-up`, adminKey, transfer)
    },
    account: (key) => ask<AccountView>("/account", key),
    statement: async (key) => {
      const lines: Array<StatementLine> = []
      for (let cursor = ""; ;) {
        const query = `?limit=${longestPage}${cursor === "" ? "" : `&cursor=${cursor}`}`
        const page = await ask<StatementPage>(`/account/statement${query}`, key)
        lines.push(...page.data)
        if (page.next_cursor === null) return lines.toReversed()
        cursor = page.next_cursor
      }
    },
    rule: async (bookingId, consumerShare) => {
      const ruling = { consumer_share: consumerShare }
      await ask(`/admin/disputes/${bookingId}/ruling`, adminKey, ruling)
    },
    instances: async () => {
      const { instances } = await ask<{ readonly instances: ReadonlyArray<InstanceStatus> }>(
        "/breakers",
      )
      return instances
    },
  }
}

/** How somebody stands at the end. */
export const memberOf = async (
  platform: Platform,
  name: string,
  { account_id, api_key }: Account,
): Promise<Member> => ({
  name,
  account: account_id,
  balance: (await platform.account(api_key)).balance,
  statement: await platform.statement(api_key),
})
